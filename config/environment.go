package config

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// dotEnv is the name of the file, and takes the place of a variable's name in faults of the file.
const dotEnv = ".env"

// Environment is the environment together with what a .env file adds to it. It is the EnvLookup of Temporal's envconfig,
// so that the file may contain TEMPORAL_ variables, too.
type Environment map[string]string

// Given is what a process was given: its environment and a .env file, which never overrides it.
type Given struct {
	Environment

	// Faults are those of the file's lines and of names; a process does not start with any. Environment contains what
	// could be read nevertheless.
	Faults []Fault
	// Warnings are what may be a mistake.
	Warnings []Fault

	own    map[string]string // the environment without the file
	file   map[string]string // what the file sets
	unread []string          // variables that a faulty line or a misspelled name sets
	slips  map[string]string // the misspelled names among the warnings, by the right one
}

// Read reads the .env file in dir, if there is one, and adds what it sets to environ, which has the form of os.Environ and
// takes precedence. It does not change the process's own environment.
func Read(dir string, environ []string) Given {
	g := Given{Environment: Environment{}, own: map[string]string{}, file: map[string]string{}, slips: map[string]string{}}
	for _, line := range environ {
		if name, value, ok := strings.Cut(line, "="); ok && name != "" {
			if isKnown(name) { // nobody means white space around a value
				value = strings.TrimSpace(value)
			}
			g.own[name] = value
		}
	}
	g.readFile(filepath.Join(dir, dotEnv))
	maps.Copy(g.Environment, g.file)
	maps.Copy(g.Environment, g.own)

	unset := slices.DeleteFunc(slices.Concat(names(variables), names(connection)), func(name string) bool {
		return strings.TrimSpace(g.Get(name)) != "" || slices.Contains(g.unread, name)
	})
	for _, name := range slices.Sorted(maps.Keys(g.Environment)) {
		right := nearest(name, unset)
		if right == "" || isKnown(name) {
			continue
		}
		fault := Fault{name, "is not read: write " + right + ", which is not set"}
		if hasPrefix(right, critical...) {
			g.Faults, g.unread = append(g.Faults, fault), append(g.unread, right)
		} else {
			g.Warnings, g.slips[right] = append(g.Warnings, fault), name
		}
	}
	for _, v := range variables {
		if value, own := g.own[v.name]; own && strings.TrimSpace(value) == "" && strings.TrimSpace(g.file[v.name]) != "" {
			g.Warnings = append(g.Warnings, Fault{v.name, "is empty in the environment, which overrides the value in .env: unset it there, or set it to the intended value"})
		}
	}
	return g
}

func (g *Given) readFile(path string) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		if fault, is := errors.AsType[*fs.PathError](err); is {
			err = fault.Err
		}
		g.Faults = append(g.Faults, Fault{dotEnv, "can't be read: " + err.Error()})
		return
	}
	set, unread, faults := parseFile(string(text))
	g.unread = unread
	for _, a := range set {
		if isKnown(a.name) || others(a.name) {
			g.file[a.name] = a.value
			continue
		}
		faults = append(faults, unknownIn(a))
		if right := nearest(a.name, names(variables)); right != "" {
			g.unread = append(g.unread, right)
		}
	}
	slices.SortFunc(faults, func(a, b lineFault) int { return a.line - b.line })
	for _, fault := range faults {
		g.Faults = append(g.Faults, Fault{dotEnv, fault.text})
	}
}

// Err returns the faults of what was given and further ones as one error; nil if there are none. A further fault is left out
// if the variable's line or name has a fault already. A fault of a missing variable mentions the misspelled name that may
// have been meant for it.
func (g Given) Err(further ...Fault) error {
	all := slices.Clone(g.Faults)
	for _, fault := range further {
		if slices.Contains(g.unread, fault.Variable) {
			continue
		}
		if name := g.slips[fault.Variable]; name != "" {
			fault.Text += "; " + name + " is set, but not read"
		}
		all = append(all, fault)
	}
	if len(all) == 0 {
		return nil
	}
	return &Faults{all}
}

// Get returns the value of a variable; empty if it is not set.
func (e Environment) Get(name string) string { return e[name] }

// LookupEnv returns the value of a variable, and reports whether it is set.
func (e Environment) LookupEnv(name string) (string, bool) {
	value, ok := e[name]
	return value, ok
}

// Environ returns the variables as NAME=value, sorted.
func (e Environment) Environ() []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(e)) {
		lines = append(lines, name+"="+e[name])
	}
	return lines
}

package config

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/joho/godotenv"
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
	slips  []slip            // misspelled names among the warnings
}

// Read reads the .env file in dir, if there is one, and adds what it sets to environ, which has the form of os.Environ and
// takes precedence. It does not change the process's own environment.
func Read(dir string, environ []string) Given {
	g := Given{Environment: Environment{}, own: map[string]string{}, file: map[string]string{}}
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

	set := func(name string) bool { return strings.TrimSpace(g.Get(name)) != "" || slices.Contains(g.unread, name) }
	for _, s := range slips(slices.Collect(maps.Keys(g.Environment)), set) {
		if s.critical() {
			g.Faults, g.unread = append(g.Faults, s.fault()), append(g.unread, s.right)
		} else {
			g.Warnings, g.slips = append(g.Warnings, s.fault()), append(g.slips, s)
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
	var fault *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case errors.As(err, &fault):
		g.Faults = append(g.Faults, Fault{dotEnv, "can't be read: " + fault.Err.Error()})
		return
	case err != nil:
		g.Faults = append(g.Faults, Fault{dotEnv, "can't be read: " + err.Error()})
		return
	}
	set, unread, faults := parseFile(text)
	g.unread = unread
	values, err := godotenv.UnmarshalBytes(goodLines(text, set))
	if err != nil {
		g.Faults = append(g.Faults, Fault{dotEnv, "can't be read: it is not a list of NAME=value"}) // the error's text may contain a value
		return
	}
	for _, a := range set {
		if !isKnown(a.name) && !others(a.name) {
			faults = append(faults, unknownIn(a))
			if right := nearest(a.name, names(variables)); right != "" {
				g.unread = append(g.unread, right)
			}
			continue
		}
		g.file[a.name] = values[a.name]
	}
	slices.SortFunc(faults, func(a, b lineFault) int { return a.line - b.line })
	for _, fault := range faults {
		g.Faults = append(g.Faults, Fault{dotEnv, fault.text})
	}
}

// goodLines returns the lines of a file that fit the grammar, for godotenv to read; those that it would misread are faults
// already.
func goodLines(text []byte, set []assignment) []byte {
	lines := bytes.Split(text, []byte("\n"))
	var good [][]byte
	for _, a := range set {
		good = append(good, lines[a.line-1])
	}
	return bytes.Join(good, []byte("\n"))
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
		for _, s := range g.slips {
			if s.right == fault.Variable {
				fault.Text += "; " + s.name + " is set, but not read"
			}
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
	lines := make([]string, 0, len(e))
	for name, value := range e {
		lines = append(lines, name+"="+value)
	}
	slices.Sort(lines)
	return lines
}

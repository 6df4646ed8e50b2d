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

// dotEnv is the name of the file, and stands for a variable if the file itself is at fault.
const dotEnv = ".env"

// Environment is the environment together with what a .env file adds to it. It serves as the EnvLookup of
// Temporal's envconfig, so that TEMPORAL_ variables may stand in the file too.
type Environment map[string]string

// Given is what a process was given: its environment, and a file .env, which never overrides it.
type Given struct {
	Environment

	// Faults are those of the file's lines and of names, which a process does not start with. The environment
	// holds what could be read all the same.
	Faults []Fault
	// Warnings are what may not be meant so.
	Warnings []Fault

	own    map[string]string // the environment alone
	file   map[string]string // what the file sets
	unread []string          // variables that are set by a line or under a name that is at fault
	slips  []slip            // of names that were warned of
}

// Read reads dir's .env, if there is one, and adds to environ (as os.Environ gives it) what environ does not set.
// The process's own environment is left as it is.
func Read(dir string, environ []string) Given {
	g := Given{Environment: Environment{}, own: map[string]string{}, file: map[string]string{}}
	for _, line := range environ {
		if name, value, ok := strings.Cut(line, "="); ok && name != "" {
			if isKnown(name) { // a line's end or a blank beside a value is nobody's intention
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
			g.Warnings = append(g.Warnings, Fault{v.name, "is empty in the environment, which goes before the value in .env: unset it there, or set it to what is meant"})
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
		g.Faults = append(g.Faults, Fault{dotEnv, "can't be read: it is not a list of NAME=value"}) // its own words may hold a value
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

// goodLines are the lines of a file that the grammar lets pass, for godotenv to read: a line that it would misread is a
// fault already.
func goodLines(text []byte, set []assignment) []byte {
	lines := bytes.Split(text, []byte("\n"))
	var good [][]byte
	for _, a := range set {
		good = append(good, lines[a.line-1])
	}
	return bytes.Join(good, []byte("\n"))
}

// Err is the faults of what was given and those found later, as one error; nil if there are none. A later fault
// of a variable whose line or name is at fault already is left out, and one of a variable that is missing names
// what may have been meant for it.
func (g Given) Err(further ...Fault) error {
	all := slices.Clone(g.Faults)
	for _, fault := range further {
		if slices.Contains(g.unread, fault.Variable) {
			continue
		}
		for _, s := range g.slips {
			if s.right == fault.Variable {
				fault.Text += "; " + s.name + " is set, and not read"
			}
		}
		all = append(all, fault)
	}
	if len(all) == 0 {
		return nil
	}
	return &Faults{all}
}

// Get is the value of a variable; empty where there is none.
func (e Environment) Get(name string) string { return e[name] }

// LookupEnv tells a variable that is empty from one that is not set.
func (e Environment) LookupEnv(name string) (string, bool) {
	value, ok := e[name]
	return value, ok
}

// Environ lists the variables as NAME=value, sorted.
func (e Environment) Environ() []string {
	lines := make([]string, 0, len(e))
	for name, value := range e {
		lines = append(lines, name+"="+value)
	}
	slices.Sort(lines)
	return lines
}

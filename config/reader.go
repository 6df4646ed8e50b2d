package config

import (
	"fmt"
	"slices"
	"strings"
)

// Fault is what is wrong with a variable. Text continues its name, and never contains the value of a secret.
type Fault struct {
	Variable string
	Text     string
}

// Faults is an error with all faults of a configuration.
type Faults struct{ List []Fault }

// Error returns one line per fault.
func (f *Faults) Error() string {
	lines := []string{"the configuration is invalid:"}
	for _, fault := range f.List {
		lines = append(lines, "  "+fault.Variable+" "+fault.Text)
	}
	return strings.Join(lines, "\n")
}

// reader reads variables and collects their faults. A variable that can't be read has its zero value.
type reader struct {
	getenv   func(string) string
	faults   []Fault
	warnings []Fault
	quoted   []string // variables whose values have quotes and the like around them: reported once, and read as empty
}

// fault adds a fault of a variable. A token that is its value by mistake is not shown.
func (r *reader) fault(name, format string, args ...any) {
	for i, arg := range args {
		if text, ok := arg.(string); ok && isToken(text) {
			args[i] = "(a token, not shown)"
		}
	}
	r.faults = append(r.faults, Fault{name, fmt.Sprintf(format, args...)})
}

func (r *reader) warn(name, format string, args ...any) {
	r.warnings = append(r.warnings, Fault{name, fmt.Sprintf(format, args...)})
}

func (r *reader) err() error {
	if len(r.faults) == 0 {
		return nil
	}
	order := Variables()
	slices.SortStableFunc(r.faults, func(a, b Fault) int {
		return slices.Index(order, a.Variable) - slices.Index(order, b.Variable)
	})
	return &Faults{r.faults}
}

// unquoted finds the values with quotes around them, with several lines, or with invisible characters.
func (r *reader) unquoted() {
	for _, v := range variables {
		value := strings.TrimSpace(r.getenv(v.name))
		wrong := Quoted(value)
		if wrong == "" && strings.ContainsAny(value, "\r\n") {
			wrong = "has more than one line: write its value on one line"
		}
		if wrong != "" {
			r.fault(v.name, "%s", wrong)
			r.quoted = append(r.quoted, v.name)
		}
	}
}

// required adds the faults of missing variables.
func (r *reader) required(parts Part) {
	for _, v := range variables {
		switch {
		case v.required&parts == 0 || !r.missing(v.name):
		case v.name == "SLACK_APPROVERS":
			r.fault(v.name, `is required and missing: write who may approve, users (U…, W…) and user groups (S…), comma-separated, or the word anyone`)
		default:
			r.fault(v.name, "is required and missing")
		}
	}
}

// missing reports whether a variable has no value at all, not even one that can't be read.
func (r *reader) missing(name string) bool { return strings.TrimSpace(r.getenv(name)) == "" }

// given returns a variable's value without its default; empty if it has none.
func (r *reader) given(name string) string {
	if slices.Contains(r.quoted, name) {
		return ""
	}
	return strings.TrimSpace(r.getenv(name))
}

// text returns a variable's value, or its default.
func (r *reader) text(name string) string {
	if value := r.given(name); value != "" {
		return value
	}
	v, _ := lookup(name)
	if v.like != "" {
		return r.text(v.like)
	}
	return v.fallback
}

// word returns a value without white space, such as the name of a task queue.
func (r *reader) word(name string) string {
	value := r.text(name)
	if strings.ContainsAny(value, " \t\r\n,") {
		r.fault(name, "must be one word: %q", value)
	}
	return value
}

func (r *reader) list(name string) []string {
	value := r.text(name)
	if value == "" {
		return nil
	}
	parts := strings.Split(value, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

func (r *reader) secrets(name string) []Secret {
	var all []Secret
	for _, part := range r.list(name) {
		if part == "" {
			r.fault(name, "has an empty value before or after a comma")
			return nil
		}
		all = append(all, Secret(part))
	}
	if len(all) > 2 { // an old and a new one; more would only weaken the check
		r.fault(name, "takes at most two values, but has %d", len(all))
	}
	return all
}

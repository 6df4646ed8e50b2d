package config

import (
	"fmt"
	"slices"
	"strings"
)

// Fault is what is wrong with one variable. Text says what it lacks, without the value of a secret.
type Fault struct {
	Variable string
	Text     string
}

// Faults is every fault of a configuration.
type Faults struct{ List []Fault }

// Error is one line a fault.
func (f *Faults) Error() string {
	lines := []string{"the configuration has faults:"}
	for _, fault := range f.List {
		lines = append(lines, "  "+fault.Variable+" "+fault.Text)
	}
	return strings.Join(lines, "\n")
}

// reader reads variables and gathers what is wrong with them. A variable that can't be read has its zero value.
type reader struct {
	getenv   func(string) string
	faults   []Fault
	warnings []Fault
	quoted   []string // variables whose value came with its quotes or the like: told once, and read as none
}

// fault notes what is wrong with a variable. A token that stands there by mistake is not shown.
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

// unquoted finds the values that came with their quotes, with several lines, or with what can't be seen.
func (r *reader) unquoted() {
	for _, v := range variables {
		value := strings.TrimSpace(r.getenv(v.name))
		wrong := Quoted(value)
		if wrong == "" && strings.ContainsAny(value, "\r\n") {
			wrong = "has more than one line: write its value in one"
		}
		if wrong != "" {
			r.fault(v.name, "%s", wrong)
			r.quoted = append(r.quoted, v.name)
		}
	}
}

// required finds what is missing.
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

// given is a variable's own value; empty if it has none.
func (r *reader) given(name string) string {
	if slices.Contains(r.quoted, name) {
		return ""
	}
	return strings.TrimSpace(r.getenv(name))
}

// text is a variable's value, or its default.
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

// word is a text without white space, such as a queue.
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
			r.fault(name, "has an empty value beside a comma")
			return nil
		}
		all = append(all, Secret(part))
	}
	if len(all) > 2 { // one in use and one on its way out; more would only widen what passes
		r.fault(name, "takes two values at most, and has %d", len(all))
	}
	return all
}

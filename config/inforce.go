package config

import (
	"net/url"
	"strings"
)

// Source is where a value comes from.
type Source string

// The sources.
const (
	FromEnvironment Source = "environment"
	FromFile        Source = dotEnv
	FromDefault     Source = "default"
)

// Setting is the value of a variable that is in force.
type Setting struct {
	Name  string
	Value string // safe to show: "set" for a secret; empty: none
	From  Source
}

// Settings returns all variables that Load reads with the values in force, and those of the connection to Temporal that are
// set or have a default. It contains no secrets.
func (g Given) Settings() []Setting {
	var all []Setting
	for _, v := range variables {
		all = append(all, g.setting(v))
	}
	for _, v := range connection {
		if s := g.setting(v); s.Value != "" {
			all = append(all, s)
		}
	}
	for _, line := range g.Environ() {
		if name, _, _ := strings.Cut(line, "="); strings.HasPrefix(name, metadata) {
			all = append(all, g.setting(variable{name: name, secret: true}))
		}
	}
	return all
}

func (g Given) setting(v variable) Setting {
	value := strings.TrimSpace(g.Get(v.name))
	_, own := g.own[v.name]
	inFile := strings.TrimSpace(g.file[v.name]) != ""
	s := Setting{Name: v.name, Value: shown(v, value), From: FromDefault}
	switch {
	case own && (value != "" || inFile): // an empty one overrides the file
		s.From = FromEnvironment
	case inFile:
		s.From = FromFile
	}
	if value == "" {
		s.Value = v.fallback
		if v.like != "" {
			like, _ := lookup(v.like)
			s.Value = g.setting(like).Value
		}
	}
	return s
}

// shown returns a value in a form that is safe to show.
func shown(v variable, value string) string {
	switch {
	case value == "":
		return ""
	case v.secret:
		return "set"
	case isToken(value):
		return tokenNotShown
	case strings.HasSuffix(v.name, "_CERT_DATA"):
		return "set" // not secret, but too long to read
	case strings.Contains(value, "://"): // a user or a query may contain a key
		u, err := url.Parse(value)
		if err != nil || u.User != nil {
			return "(an address, not shown)"
		}
		if u.RawQuery != "" {
			u.RawQuery = "…"
		}
		return u.String()
	}
	return value
}

const tokenNotShown = "(a token, not shown)"

// isToken reports whether a text starts like a token or a key, which may be in any variable by mistake.
func isToken(value string) bool { return hasPrefix(value, "xox", "xapp-", "whsec_") }

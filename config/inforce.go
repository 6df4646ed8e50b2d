package config

import (
	"net/url"
	"slices"
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

// Setting is one variable as it is in force.
type Setting struct {
	Name  string
	Value string // fit to be shown: "set" for a secret; empty: none
	From  Source
}

// Settings are all variables that Load reads as they are in force, and those of the connection to Temporal that
// are set or have a default. No secret is among them.
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
	case own && (value != "" || inFile): // an empty one hides what the file says
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

// shown is a value as it may be shown.
func shown(v variable, value string) string {
	switch {
	case value == "":
		return ""
	case v.secret:
		return "set"
	case isToken(value):
		return "(a token, not shown)"
	case strings.HasSuffix(v.name, "_CERT_DATA"):
		return "set" // no secret, and too long to be read
	case strings.Contains(value, "://"): // with a user or a query it may hold a key
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

// isToken reports whether a text is a token or a key by its beginning, whatever variable it was put in by mistake.
func isToken(value string) bool {
	return slices.ContainsFunc([]string{"xox", "xapp-", "whsec_"}, func(prefix string) bool { return strings.HasPrefix(value, prefix) })
}

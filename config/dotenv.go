package config

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// assignment is a line of a .env file that sets a variable.
type assignment struct {
	line        int // from 1
	name, value string
}

// lineFault is what is wrong with a line.
type lineFault struct {
	line int
	text string // begins with the line's number
}

// parseFile reads a .env file with a grammar so narrow that every program that reads such files (this one, Docker Compose,
// a shell) gets the same values from it. Each line is blank, a comment, or [export ]NAME=value, where the value is
//
//   - unquoted, without $, quotes, backslash, or # at its beginning or after a space,
//   - in single quotes, or
//   - in double quotes, without $ or backslash.
//
// Each name must occur once. Any other line is a fault, which gives the line's number but not its text, because that may
// contain a secret; it gives the name only if it is a known one. unread are the known names on lines with a fault.
func parseFile(text []byte) (set []assignment, unread []string, faults []lineFault) {
	first := map[string]int{}
	number := 0
	for raw := range bytes.SplitSeq(text, []byte("\n")) {
		number++
		name, value, wrong := parseLine(string(bytes.TrimSuffix(raw, []byte("\r"))))
		if before, again := first[name]; wrong == "" && again {
			wrong = fmt.Sprintf("sets the same variable as line %d: keep one of them", before)
		}
		switch {
		case wrong != "":
			where := fmt.Sprintf("line %d", number)
			if isKnown(name) {
				where += " (" + name + ")"
				unread = append(unread, name)
			}
			faults = append(faults, lineFault{number, where + " " + wrong})
		case name != "":
			first[name] = number
			set = append(set, assignment{number, name, value})
		}
	}
	return set, unread, faults
}

// validName matches the names that a variable may have.
var validName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

const notAnAssignment = "is not NAME=value; a comment begins with #"

// parseLine reads a line without its line break. A blank line or a comment has no name. wrong describes a fault, as a
// continuation of "line 3"; then name is returned if it could be read.
func parseLine(line string) (name, value, wrong string) {
	if i := strings.IndexFunc(line, notText); i >= 0 || !utf8.ValidString(line) {
		name, _, _ = strings.Cut(line, "=")
		return name, "", "has an invisible character (such as a byte order mark or a no-break space): type it again, in UTF-8"
	}
	line = strings.Trim(line, " \t")
	if line == "" || line[0] == '#' {
		return "", "", ""
	}
	if rest, exported := strings.CutPrefix(line, "export"); exported && strings.HasPrefix(rest, " ") {
		line = strings.TrimLeft(rest, " ")
	}
	name, value, ok := strings.Cut(line, "=")
	switch {
	case !ok:
		return "", "", notAnAssignment
	case strings.Trim(name, " \t") != name, value != "" && strings.Trim(value, " \t") != value: // its end was trimmed with the line
		return strings.Trim(name, " \t"), "", "has a space beside the =: write NAME=value"
	case !validName.MatchString(name):
		return "", "", notAnAssignment
	}
	value, wrong = parseValue(value)
	return name, value, wrong
}

// notText reports whether a character may not occur in a .env file: it is invisible, or only some programs treat it as a
// space.
func notText(r rune) bool {
	return r != '\t' && r != ' ' && (!unicode.IsPrint(r) || unicode.IsSpace(r))
}

func parseValue(text string) (value, wrong string) {
	switch {
	case text == "":
		return "", ""
	case strings.HasPrefix(text, "'"), strings.HasPrefix(text, `"`):
		return parseQuoted(text)
	case typographic(text):
		return "", `has typographic quotes: write ' or "`
	case strings.Contains(text, "'"):
		return "", `has a value with an apostrophe: put it in double quotes, NAME="value"`
	case strings.ContainsAny(text, "$\"`\\"), strings.HasPrefix(text, "#"), strings.Contains(text, " #"), strings.Contains(text, "\t#"):
		return "", "has a value with $, a quote, a backslash or #: put it in single quotes, NAME='value'"
	}
	return text, ""
}

func parseQuoted(text string) (value, wrong string) {
	quote := text[:1]
	value, rest, closed := strings.Cut(text[1:], quote)
	switch {
	case !closed:
		return "", "has a quote that is not closed in the same line"
	case rest != "":
		return "", "has something after the closing quote: a comment needs a line of its own, and a value that contains one kind of quote must be in the other kind"
	case quote == `"` && strings.ContainsAny(value, `$\`):
		return "", "has $ or a backslash in double quotes, which some programs expand: put the value in single quotes, NAME='value'"
	case strings.HasSuffix(value, `\`):
		return "", "has a backslash before the closing quote, which programs read differently: set this variable in the environment"
	}
	return value, ""
}

// typographic reports whether a text begins or ends with a quote as word processors write it.
func typographic(text string) bool {
	const quotes = "“”„‟‘’‚‛«»‹›″′＂＇"
	first, _ := utf8.DecodeRuneInString(text)
	last, _ := utf8.DecodeLastRuneInString(text)
	return text != "" && (strings.ContainsRune(quotes, first) || strings.ContainsRune(quotes, last))
}

// Quoted says what is wrong with a value that came with its quotes or with invisible characters; empty if nothing is.
func Quoted(value string) string {
	if strings.IndexFunc(value, func(r rune) bool { return notText(r) && r != '\n' && r != '\r' }) >= 0 {
		return "has an invisible character (such as a byte order mark or a no-break space): type it again"
	}
	if typographic(value) {
		return "has typographic quotes around its value: write it without quotes"
	}
	if len(value) >= 2 && strings.ContainsRune("'\"`", rune(value[0])) && value[len(value)-1] == value[0] {
		return "has quotes around its value, which are taken as part of it (docker run --env-file keeps them): write it without quotes"
	}
	return ""
}

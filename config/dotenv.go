package config

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/joho/godotenv"
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
func parseFile(text string) (set []assignment, unread []string, faults []lineFault) {
	first := map[string]int{}
	number := 0
	for raw := range strings.SplitSeq(text, "\n") {
		number++
		line := strings.TrimSuffix(raw, "\r")
		name, wrong := checkLine(line)
		if before, again := first[name]; wrong == "" && again {
			wrong = fmt.Sprintf("sets the same variable as line %d: keep one of them", before)
		}
		values, err := godotenv.Unmarshal(line)
		if wrong == "" && err != nil {
			wrong = notAnAssignment // the error's text may contain a value
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
			set = append(set, assignment{number, name, values[name]})
		}
	}
	return set, unread, faults
}

const (
	notAnAssignment = "is not NAME=value; a comment begins with #"
	invisible       = "has an invisible character (such as a byte order mark or a no-break space): type it again"
)

// assignmentLine matches a line with =; its parts are the name and the value, with any white space beside the =.
var assignmentLine = regexp.MustCompile(`^(?:export +)?([^=]*)=(.*)$`)

var validName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// checkLine checks a line without its line break. A blank line or a comment has no name. wrong describes a fault, as a
// continuation of "line 3"; then name is returned if it could be read.
func checkLine(line string) (name, wrong string) {
	if strings.IndexFunc(line, notText) >= 0 || !utf8.ValidString(line) {
		name, _, _ = strings.Cut(line, "=")
		return name, invisible + ", in UTF-8"
	}
	line = strings.Trim(line, " \t")
	if line == "" || line[0] == '#' {
		return "", ""
	}
	parts := assignmentLine.FindStringSubmatch(line)
	if parts == nil {
		return "", notAnAssignment
	}
	name, value := strings.Trim(parts[1], " \t"), parts[2]
	if name != parts[1] || strings.TrimLeft(value, " \t") != value {
		return name, "has a space beside the =: write NAME=value"
	}
	if !validName.MatchString(name) {
		return "", notAnAssignment
	}
	for _, bad := range badValues {
		if bad.values.MatchString(value) {
			return name, bad.wrong
		}
	}
	return name, ""
}

// notText reports whether a character may not occur in a .env file: it is invisible, or only some programs treat it as a
// space.
func notText(r rune) bool {
	return r != '\t' && r != ' ' && (!unicode.IsPrint(r) || unicode.IsSpace(r))
}

const typographicQuotes = "“”„‟‘’‚‛«»‹›″′＂＇"

// typographic matches a text that begins or ends with a quote as word processors write it.
var typographic = regexp.MustCompile("^[" + typographicQuotes + "]|[" + typographicQuotes + "]$")

// badValues are the values that programs read differently, or that are not what was meant; the first that matches counts.
var badValues = []struct {
	values *regexp.Regexp
	wrong  string
}{
	{regexp.MustCompile(`^'[^']*$|^"[^"]*$`), "has a quote that is not closed in the same line"},
	{regexp.MustCompile(`^'[^']*'.|^"[^"]*".`), "has something after the closing quote: a comment needs a line of its own, and a value that contains one kind of quote must be in the other kind"},
	{regexp.MustCompile(`^".*[$\\]`), "has $ or a backslash in double quotes, which some programs expand: put the value in single quotes, NAME='value'"},
	{regexp.MustCompile(`^'.*\\'$`), "has a backslash before the closing quote, which programs read differently: set this variable in the environment"},
	{regexp.MustCompile("^[" + typographicQuotes + "]|^[^'\"].*[" + typographicQuotes + "]$"), "has typographic quotes: write ' or \""},
	{regexp.MustCompile(`^[^'"].*'`), `has a value with an apostrophe: put it in double quotes, NAME="value"`},
	{regexp.MustCompile("^[$\\\\`#]|^[^'\"].*([$\"`\\\\]|[ \t]#)"), "has a value with $, a quote, a backslash or #: put it in single quotes, NAME='value'"},
}

// Quoted says what is wrong with a value that came with its quotes or with invisible characters; empty if nothing is.
func Quoted(value string) string {
	switch {
	case strings.IndexFunc(value, func(r rune) bool { return notText(r) && r != '\n' && r != '\r' }) >= 0:
		return invisible
	case typographic.MatchString(value):
		return "has typographic quotes around its value: write it without quotes"
	case len(value) >= 2 && strings.ContainsRune("'\"`", rune(value[0])) && value[len(value)-1] == value[0]:
		return "has quotes around its value, which are taken as part of it (docker run --env-file keeps them): write it without quotes"
	}
	return ""
}

package config

import (
	"fmt"
	"slices"
	"strings"
)

// known are the names that somebody of ours reads: we, Temporal's envconfig, docker-compose.yml.
var known = slices.Concat(names(variables), names(connection), composeOnly)

func isKnown(name string) bool {
	return slices.Contains(known, name) || strings.HasPrefix(name, metadata)
}

// others reports whether a name in .env may be of another program that reads the same file.
func others(name string) bool {
	for _, prefix := range []string{"TEMPORAL_", "COMPOSE_", "DOCKER_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// unknownIn says what is wrong with a name of .env that nobody reads. The name itself is told only if it looks
// like one: a piece of a secret that was broken over two lines may stand before an =.
func unknownIn(a assignment) lineFault {
	text := fmt.Sprintf("line %d sets a variable that is not read", a.line)
	if a.name == strings.ToUpper(a.name) && strings.Contains(a.name, "_") {
		text = fmt.Sprintf("line %d sets %s, which is not read", a.line, a.name)
	}
	if right := nearest(a.name, known); right != "" {
		return lineFault{a.line, text + ": write " + right}
	}
	return lineFault{a.line, text + ": take it out, or set it where it belongs"}
}

// critical are the beginnings of names that, misspelt, cost money or events.
var critical = []string{"CPI_", "APPROVAL_", "PRODEGE_", "BILLING_", "INBOX_"}

// slip is a name that is nearly one of ours that is not set.
type slip struct{ name, right string }

// slips finds them among the names that were given.
func slips(given []string, set func(string) bool) (all []slip) {
	unset := slices.DeleteFunc(slices.Concat(names(variables), names(connection)), set)
	for _, name := range slices.Sorted(slices.Values(given)) {
		if isKnown(name) {
			continue
		}
		if right := nearest(name, unset); right != "" {
			all = append(all, slip{name, right})
		}
	}
	return all
}

func (s slip) fault() Fault {
	return Fault{s.name, "is not read: write " + s.right + ", which is not set"}
}

func (s slip) critical() bool {
	return slices.ContainsFunc(critical, func(prefix string) bool { return strings.HasPrefix(s.right, prefix) })
}

// longName is the length from which two slips are taken for a misspelling. In a shorter name they make another word.
const longName = 12

// nearest is the name of the list that another was meant to be; empty: none. Small letters are no slip by
// themselves, and still another name.
func nearest(name string, list []string) string {
	best, fewest := "", 3
	for _, candidate := range list {
		most := 1
		if len(candidate) >= longName {
			most = 2
		}
		if n := distance(strings.ToUpper(name), candidate); n <= most && n < fewest {
			best, fewest = candidate, n
		}
	}
	return best
}

// distance counts the slips between two names: a letter too many, too few, wrong, or exchanged with the next.
func distance(a, b string) int {
	if d := len(a) - len(b); d > 2 || d < -2 {
		return 3 // more than anybody asks for
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			wrong := 1
			if a[i-1] == b[j-1] {
				wrong = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}

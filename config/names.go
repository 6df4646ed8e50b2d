package config

import (
	"fmt"
	"slices"
	"strings"
)

// known are the names that are read by Load, by Temporal's envconfig or by docker-compose.yml.
var known = slices.Concat(names(variables), names(connection), composeOnly)

func isKnown(name string) bool {
	return slices.Contains(known, name) || strings.HasPrefix(name, metadata)
}

// others reports whether a name in .env may belong to another program that reads the same file.
func others(name string) bool {
	return hasPrefix(name, "TEMPORAL_", "COMPOSE_", "DOCKER_")
}

func hasPrefix(name string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// unknownIn returns the fault of an unknown name in .env. It contains the name only if that looks like one: part of a secret
// that was broken over two lines may precede an =.
func unknownIn(a assignment) lineFault {
	what, advice := "a variable that is not read", "remove it, or set it where it belongs"
	if a.name == strings.ToUpper(a.name) && strings.Contains(a.name, "_") {
		what = a.name + ", which is not read"
	}
	if right := nearest(a.name, known); right != "" {
		advice = "write " + right
	}
	return lineFault{a.line, fmt.Sprintf("line %d sets %s: %s", a.line, what, advice)}
}

// critical are the prefixes of names that cost money or events if they are misspelled.
var critical = []string{"CPI_", "APPROVAL_", "PRODEGE_", "BILLING_", "INBOX_"}

// longName is the length from which a name may have two typing errors. A shorter one with two is another word.
const longName = 12

// nearest returns the name in the list for which another one was meant; empty if there is none. Lower case does not count
// as an error.
func nearest(name string, list []string) string {
	best, fewest := "", 3
	for _, candidate := range list {
		limit := 1
		if len(candidate) >= longName {
			limit = 2
		}
		if n := distance(strings.ToUpper(name), candidate); n <= limit && n < fewest {
			best, fewest = candidate, n
		}
	}
	return best
}

// distance counts the errors between two names: a letter that is added, missing, wrong, or swapped with the next.
func distance(a, b string) int {
	if d := len(a) - len(b); d > 2 || d < -2 {
		return 3 // more than nearest accepts
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

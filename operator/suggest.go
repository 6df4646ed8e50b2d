package operator

import (
	"slices"
	"strings"
)

// nearest returns the word of a list that another was probably meant to be; empty if none is near. Up to two slips count,
// in a short word one; else the word's beginning does.
func nearest(word string, list []string) string {
	best, fewest := "", 3
	if len(word) < 5 {
		fewest = 2
	}
	word = strings.ToLower(word)
	for _, candidate := range list {
		if n := slips(word, strings.ToLower(candidate)); n < fewest {
			best, fewest = candidate, n
		}
	}
	if i := slices.IndexFunc(list, func(c string) bool { return strings.HasPrefix(c, word) }); best == "" && len(word) > 2 && i >= 0 {
		return list[i]
	}
	return best
}

// slips counts the letters that are too many, too few, wrong, or exchanged with the next.
func slips(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		for j := range rows[i] {
			switch {
			case i == 0 || j == 0:
				rows[i][j] = i + j
			case a[i-1] == b[j-1]:
				rows[i][j] = rows[i-1][j-1]
			default:
				rows[i][j] = 1 + min(rows[i-1][j], rows[i][j-1], rows[i-1][j-1])
				if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
					rows[i][j] = min(rows[i][j], 1+rows[i-2][j-2])
				}
			}
		}
	}
	return rows[len(a)][len(b)]
}

// didYouMean is "; did you mean …?" if a word of the list is near.
func didYouMean(prefix, word string, list []string) string {
	if right := nearest(word, list); right != "" {
		return "; did you mean " + prefix + right + "?"
	}
	return ""
}

// oneOf checks a value that must be one of a list.
func oneOf(what, value string, list []string) error {
	if value == "" || slices.Contains(list, value) {
		return nil
	}
	return usageError("%s: %q is none of %s%s", what, value, strings.Join(list, ", "), didYouMean("", value, list))
}

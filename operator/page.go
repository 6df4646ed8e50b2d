package operator

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
)

// show answers in JSON or in words.
func (c *call) show(value any, text func(*page)) error {
	if c.json {
		return c.showJSON(value)
	}
	p := &page{}
	text(p)
	_, err := io.WriteString(c.cmd.OutOrStdout(), p.String())
	return err
}

// showJSON answers in JSON. What a terminal would obey is written as \u009b: it can only stand in strings, and whoever
// reads the JSON gets the same strings.
func (c *call) showJSON(value any) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return err
	}
	var b strings.Builder
	for _, r := range text.String() {
		if steersTerminal(r) {
			fmt.Fprintf(&b, `\u%04x`, r) // none is beyond U+FFFF
		} else {
			b.WriteRune(r)
		}
	}
	_, err := io.WriteString(c.cmd.OutOrStdout(), b.String())
	return err
}

// showCSV answers in CSV. No text from outside can be a formula of a spreadsheet.
func (c *call) showCSV(rows [][]string) error {
	w := csv.NewWriter(c.cmd.OutOrStdout())
	for _, row := range rows {
		for i, text := range row {
			if row[i] = oneLine(text); text != "" && strings.ContainsRune("=+-@\t", rune(text[0])) {
				row[i] = "'" + row[i]
			}
		}
	}
	return w.WriteAll(rows)
}

// note says something beside the answer, on standard error.
func (c *call) note(format string, args ...any) {
	fmt.Fprintln(c.cmd.ErrOrStderr(), oneLine(fmt.Sprintf(format, args...)))
}

// yes asks before what can't be undone. No answer is no.
func (c *call) yes(question string) bool {
	fmt.Fprint(c.cmd.ErrOrStderr(), Printable(question), " Write yes: ")
	answer, _ := bufio.NewReader(c.cmd.InOrStdin()).ReadString('\n')
	return strings.TrimSpace(answer) == "yes"
}

// page is text for a terminal. Text from outside (a project's name, a sender's headers) can neither steer the terminal
// nor begin a line or column of its own, which could say anything.
type page struct{ strings.Builder }

// line writes one line, whatever is in its arguments.
func (p *page) line(format string, args ...any) {
	p.WriteString(oneLine(fmt.Sprintf(format, args...)) + "\n")
}

// block writes a text with all its lines.
func (p *page) block(text string) { p.WriteString(Printable(text) + "\n") }

// markdown writes a page of the Temporal UI without its marks.
func (p *page) markdown(text string) { p.block(strings.TrimSpace(marks.ReplaceAllString(text, "$1"))) }

// marks are headings, emphasis, and escapes; the first group is what an escape stands for.
var marks = regexp.MustCompile(`(?m)^### |\*\*|\\([[:punct:]])`)

// table writes a row for each of a list in columns, under a heading; nothing if there are none.
func table[T any](p *page, heading string, list []T, cells func(T) []any) {
	if len(list) == 0 {
		return
	}
	w := tabwriter.NewWriter(p, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.ReplaceAll(heading, "|", "\t"))
	for _, one := range list {
		var row []string
		for _, v := range cells(one) {
			row = append(row, oneLine(cell(v)))
		}
		fmt.Fprintln(w, strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
	_ = w.Flush() // to memory
}

// cell is a value in a table.
func cell(v any) string {
	switch v := v.(type) {
	case time.Time:
		return stamp(v)
	case *prodege.USD:
		return dollars(v)
	}
	return fmt.Sprint(v)
}

// backward is a list from its end.
func backward[T any](list []T) []T {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

// Printable puts a mark in the place of control characters and of those that turn the direction of writing, so that a
// text from outside may be printed on a terminal.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if steersTerminal(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(text, string(unicode.ReplacementChar)))
}

// steersTerminal reports whether a terminal obeys a character rather than show it.
func steersTerminal(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r))
}

// oneLine is a text that may be printed within a line and a column.
func oneLine(text string) string { return Printable(lineEnds.Replace(text)) }

var lineEnds = strings.NewReplacer("\n", " ", "\t", " ", "\r", " ")

// stamp is a time to the second, in UTC, as everything here is told.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// lasting writes a duration in its two largest units.
func lasting(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = max(d, 0); {
	case d >= day:
		return fmt.Sprintf("%d d %d h", d/day, d%day/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}

// dollars writes an amount that may be unknown.
func dollars(u *prodege.USD) string {
	if u == nil {
		return "-"
	}
	return u.Dollars()
}

// reason says why an event came, in words and as Prodege numbers it.
func reason(status prodege.Status, r prodege.Reason, description string) string {
	return cards.Reason(prodege.Event{Status: status, Reason: r, Description: description})
}

// joined is what is not empty, joined.
func joined(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(text string) bool { return text == "" }), separator)
}

func newest[S ~[]E, E any](all S, n int) S { return all[max(0, len(all)-max(0, n)):] }

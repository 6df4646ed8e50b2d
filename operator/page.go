package operator

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
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

func (c *call) showJSON(value any) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return err
	}
	_, err := io.WriteString(c.cmd.OutOrStdout(), escaped(text.String()))
	return err
}

// showCSV answers in CSV. A text from outside can be no formula of a spreadsheet.
func (c *call) showCSV(rows [][]string) error {
	w := csv.NewWriter(c.cmd.OutOrStdout())
	for _, row := range rows {
		for i, text := range row {
			text = oneLine.Replace(Printable(text))
			if text != "" && strings.ContainsRune("=+-@\t", rune(text[0])) {
				text = "'" + text
			}
			row[i] = text
		}
	}
	return w.WriteAll(rows)
}

// tell says something on the way to the answer; with --json it is silent.
func (c *call) tell(format string, args ...any) {
	if !c.json {
		fmt.Fprintln(c.cmd.OutOrStdout(), Printable(fmt.Sprintf(format, outside(args)...)))
	}
}

// note says something beside the answer, on standard error.
func (c *call) note(format string, args ...any) {
	fmt.Fprintln(c.cmd.ErrOrStderr(), Printable(fmt.Sprintf(format, outside(args)...)))
}

// yes asks before what can't be undone. The question goes beside the answer, so that JSON stays JSON; no answer is no.
func (c *call) yes(question string) bool {
	fmt.Fprint(c.cmd.ErrOrStderr(), Printable(question), " Write yes: ")
	answer, _ := bufio.NewReader(c.cmd.InOrStdin()).ReadString('\n')
	return strings.TrimSpace(answer) == "yes"
}

// escaped is JSON with what a terminal would obey written as \u009b. All of that is within strings, as the encoder
// writes nothing of the kind itself; readers of the JSON get the same strings as before.
func escaped(encoded string) string {
	var b strings.Builder
	for _, r := range encoded {
		if steersTerminal(r) {
			fmt.Fprintf(&b, `\u%04x`, r) // none is beyond U+FFFF
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// page is text for a terminal. What comes from outside (a project's name, a sender's headers) can hold no control
// character when it is printed, as a terminal obeys them, and begins no line of its own, which could say anything.
type page struct{ b strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", outside(args)...) }

// block writes a text as it is, with all its lines.
func (p *page) block(text string) { fmt.Fprintf(&p.b, "%s\n", text) }

// item is a named line; one without a value is left out.
func (p *page) item(name, value string) {
	if value != "" {
		p.line("  %-12s %s", name, value)
	}
}

// table writes a row for each of a list in columns, under a heading; nothing if there are none.
func table[T any](p *page, heading []string, list []T, cells func(T) []any) {
	if len(list) == 0 {
		return
	}
	w := tabwriter.NewWriter(&p.b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(heading, "\t"))
	for _, one := range list {
		var row []string
		for _, v := range cells(one) {
			row = append(row, oneLine.Replace(cell(v)))
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
	case prodege.Reason:
		return number(v)
	}
	return fmt.Sprint(v)
}

// backward is a list from its end.
func backward[T any](list []T) []T {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

// String is what may be printed.
func (p *page) String() string {
	var lines []string
	for line := range strings.SplitSeq(Printable(p.b.String()), "\n") {
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return strings.Join(lines, "\n")
}

// oneLine keeps a text from beginning a line, or a column, of its own.
var oneLine = strings.NewReplacer("\n", " ", "\t", " ", "\r", " ")

// outside has the texts and errors among what is formatted fill one line each.
func outside(args []any) []any {
	fit := make([]any, len(args))
	for i, a := range args {
		switch v := reflect.ValueOf(a); {
		case v.IsValid() && v.Kind() == reflect.String:
			fit[i] = oneLine.Replace(v.String())
		default:
			fit[i] = a
			if err, is := a.(error); is {
				fit[i] = lineError{err}
			}
		}
	}
	return fit
}

// lineError is an error whose text fills one line.
type lineError struct{ error }

func (e lineError) Error() string { return oneLine.Replace(e.error.Error()) }
func (e lineError) Unwrap() error { return e.error }

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

// stamp is a time to the second, in UTC, as everything here is told.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// ago is how long ago a time was.
func (c *call) ago(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return lasting(c.now().Sub(t))
}

// lasting writes a duration in its two largest units.
func lasting(d time.Duration) string {
	d = max(d, 0)
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case days > 0 && hours > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case days > 0:
		return fmt.Sprintf("%d d", days)
	case hours > 0 && minutes > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	case hours > 0:
		return fmt.Sprintf("%d h", hours)
	case minutes > 0:
		return fmt.Sprintf("%d min", minutes)
	}
	return fmt.Sprintf("%d s", int(d.Seconds()))
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

func number(r prodege.Reason) string {
	if r == 0 {
		return "-"
	}
	return strconv.Itoa(int(r))
}

// joined is what is not empty, joined.
func joined(separator string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, separator)
}

func newest[S ~[]E, E any](all S, n int) S { return all[max(0, len(all)-max(0, n)):] }

package cards

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// only returns text if the condition holds, else nothing, which those who join texts leave out.
func only(condition bool, text string) string {
	if condition {
		return text
	}
	return ""
}

// deref returns what p points to, or its zero value.
func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// some drops what is empty.
func some(parts ...string) []string {
	return slices.DeleteFunc(slices.Clone(parts), func(p string) bool { return p == "" })
}

// Each joins what is not empty: with spaces, middle dots, line ends or commas.
func sentences(parts ...string) string { return strings.Join(some(parts...), " ") }
func dots(parts ...string) string      { return strings.Join(some(parts...), " · ") }
func lines(parts ...string) string     { return strings.Join(some(parts...), "\n") }
func commas(parts ...string) string    { return strings.Join(some(parts...), ", ") }

// sentence joins what is not empty with commas, from a capital letter to a full stop.
func sentence(parts ...string) string {
	text := commas(parts...)
	return only(text != "", capital(text)+".")
}

// known names a value; empty if there is none.
func known(name, value string) string { return only(value != "", name+" "+value) }

// capital writes the first letter large.
func capital(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	return only(size > 0, string(unicode.ToUpper(r))+text[size:])
}

// inSentence writes a title as it reads within a sentence: "Sample size reached" → "sample size reached".
func inSentence(title string) string {
	r := []rune(title)
	if len(r) > 1 && unicode.IsUpper(r[0]) && !unicode.IsUpper(r[1]) {
		r[0] = unicode.ToLower(r[0])
	}
	return string(r)
}

// nameLine names a project at the top of a card.
func nameLine(n project.Name) string {
	id, name := "project "+n.ID.String(), clean(n.Name, 150)
	if name == "" {
		name, id = capital(id), ""
	}
	return dots(bold(name), id, poWords(n))
}

// poWords is the purchase order; many write "PO" in front of the number themselves.
func poWords(n project.Name) string {
	po := clean(n.PONumber, 60)
	if strings.HasPrefix(strings.ToUpper(po), "PO") {
		return po
	}
	return known("PO", po)
}

// shortName names a project within a sentence.
func shortName(n project.Name) string {
	id, words := "project "+n.ID.String(), commas(clean(n.Name, 100), poWords(n))
	return sentences(id, only(words != "", "("+words+")"))
}

// when writes a moment in the reader's own time zone, or in UTC if Slack can't.
func when(t time.Time) string { return slackDate(t, "{date_short_pretty} at {time}", utc(t)) }

// whenAgo is when, with how long ago that is at the time of reading.
func whenAgo(t time.Time) string {
	return slackDate(t, "{date_short_pretty} at {time} ({ago})", utc(t))
}

// date writes a day in the reader's own time zone.
func date(t time.Time) string { return slackDate(t, "{date_short}", t.UTC().Format("Jan 2, 2006")) }

// whenNext is when for a moment that follows another one on the same line: within half a day it is the time alone.
func whenNext(first, t time.Time) string {
	if d := t.Sub(first); d >= 0 && d < 12*time.Hour {
		return slackDate(t, "{time}", utc(t))
	}
	return when(t)
}

func slackDate(t time.Time, form, fallback string) string {
	if t.Year() < 1971 || t.Year() > 9000 { // which Slack does not format; the zero time is in the year 1
		return utc(t)
	}
	return fmt.Sprintf("<!date^%d^%s|%s>", t.Unix(), form, fallback)
}

// utc writes a moment for the fallback text, in which Slack formats no dates.
func utc(t time.Time) string { return formatted(t, "Jan 2, 2006 15:04 UTC") }

// stamp is a time as engineers read it, to the second, with its zone.
func stamp(t time.Time) string { return formatted(t, "2006-01-02 15:04:05 MST") }

func formatted(t time.Time, layout string) string {
	if t.IsZero() {
		return "an unknown time"
	}
	return t.UTC().Format(layout)
}

// lasting writes a duration in its two largest units: "3 d 4 h", "2 h 5 min".
func lasting(d time.Duration) string {
	total := int64(d.Round(time.Minute) / time.Minute)
	unit := func(n int64, name string) string { return only(n > 0, number(n)+" "+name) }
	days, hours, minutes := unit(total/60/24, "d"), unit(total/60%24, "h"), unit(total%60, "min")
	if days != "" {
		minutes = ""
	}
	return cmp.Or(sentences(days, hours, minutes), "less than a minute")
}

// after is " after 2 h 5 min"; empty if one end is unknown or the clock ran backwards.
func after(from, to time.Time) string {
	return only(!from.IsZero() && !to.IsZero() && !to.Before(from), " after "+lasting(to.Sub(from)))
}

// number writes 1204 as 1,204.
func number[T ~int | ~int64](n T) string {
	t := strconv.FormatInt(int64(n), 10)
	for i := len(t) - 3; i > len(only(n < 0, "-")); i -= 3 {
		t = t[:i] + "," + t[i:]
	}
	return t
}

// counted is "1 pause", "12 pauses".
func counted(n int, what string) string { return number(n) + " " + what + only(n != 1, "s") }

// dollars writes an amount; empty for none.
func dollars(u *prodege.USD) string {
	if u == nil {
		return ""
	}
	return u.Dollars()
}

// amountOr is dollars with other words for an unknown amount.
func amountOr(u *prodege.USD, words string) string { return cmp.Or(dollars(u), words) }

// change is the way from one amount to another: "+$0.50 (+13 %)"; empty if they are equal.
func change(from, to prodege.USD) string {
	diff := to.Sub(from)
	if diff.IsZero() {
		return ""
	}
	percent, ok := to.PercentOf(from)
	return signed(diff.Dollars()) + only(ok && percent != 0, " ("+signed(number(percent))+" %)")
}

func signed(text string) string { return only(!strings.HasPrefix(text, "-"), "+") + text }

// bidActual writes "bid 30 %, actual 22 %" of what Prodege sent as text.
func bidActual(bid, actual, unit string) string {
	measure := func(text string) string {
		t := clean(text, 20)
		_, err := strconv.ParseFloat(t, 64)
		return t + only(err == nil, unit)
	}
	return commas(known("bid", measure(bid)), known("actual", measure(actual)))
}

// statusWords is what a project is in that status: "pending complete".
func statusWords(s prodege.Status) string {
	if s.Known() {
		return strings.ToLower(strings.ReplaceAll(string(s), "_", " "))
	}
	return cmp.Or(known("in status", clean(string(s), 40)), "over")
}

// Reason says why a project is as it is, in words that can stand within a sentence, with Prodege's own code after them:
// "sample size reached (reason 158)". Prodege's description is added only if the reason is new here. It is not escaped.
func Reason(e prodege.Event) string {
	code := reasonCode(e.Reason)
	if !e.Explained() { // the title has the code
		code = e.Description
	}
	title := inSentence(strings.TrimPrefix(e.Meaning().Title, "Paused, ")) // the status says that it is paused
	return title + only(code != "", " ("+code+")")
}

// reasonFor is Reason for a status; empty if no reason was given.
func reasonFor(s prodege.Status, r prodege.Reason, description string) string {
	return only(r != 0 || description != "", Reason(prodege.Event{Status: s, Reason: r, Description: description}))
}

func reasonCode(r prodege.Reason) string { return only(r != 0, fmt.Sprintf("reason %d", r)) }

// urgencies say how soon people should look.
var urgencies = map[prodege.Urgency]string{prodege.Now: "🔴 act now", prodege.Soon: "🟡 look soon", prodege.Routine: "⚪ routine"}

// todo marks what people can do.
func todo(advice string) string { return known("*What to do:*", advice) }

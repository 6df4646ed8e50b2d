package cards

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"fieldmarshal/prodege"
)

// when writes a moment in the reader's own time zone, or in UTC if Slack can't.
func when(t time.Time) string { return slackDate(t, "{date_short_pretty} at {time}") }

// date writes a day in the reader's own time zone.
func date(t time.Time) string {
	const form = "{date_short}"
	return strings.Replace(slackDate(t, form), form+"|"+utc(t), form+"|"+t.UTC().Format("Jan 2, 2006"), 1)
}

// whenNext is when for a moment that follows another one on the same line: within half a day it is the time alone.
func whenNext(first, t time.Time) string {
	if d := t.Sub(first); d >= 0 && d < 12*time.Hour {
		return slackDate(t, "{time}")
	}
	return when(t)
}

// whenAgo is when, with how long ago that is at the time of reading.
func whenAgo(t time.Time) string { return slackDate(t, "{date_short_pretty} at {time} ({ago})") }

func slackDate(t time.Time, form string) string {
	switch {
	case t.IsZero():
		return "an unknown time"
	case t.Year() < 1971 || t.Year() > 9000:
		return utc(t)
	}
	return fmt.Sprintf("<!date^%d^%s|%s>", t.Unix(), form, utc(t))
}

// utc writes a moment for the fallback text, in which Slack formats no dates.
func utc(t time.Time) string {
	if t.IsZero() {
		return "an unknown time"
	}
	return t.UTC().Format("Jan 2, 2006 15:04 UTC")
}

// lasting writes a duration in its two largest units: "3 d 4 h", "2 h 5 min".
func lasting(d time.Duration) string {
	d = d.Round(time.Minute)
	days, hours, minutes := int64(d/(24*time.Hour)), int64(d/time.Hour)%24, int64(d/time.Minute)%60
	switch {
	case d < time.Minute:
		return "less than a minute"
	case days > 0 && hours > 0:
		return fmt.Sprintf("%s d %d h", number(days), hours)
	case days > 0:
		return number(days) + " d"
	case hours > 0 && minutes > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	case hours > 0:
		return fmt.Sprintf("%d h", hours)
	}
	return fmt.Sprintf("%d min", minutes)
}

// after is " after 2 h 5 min"; empty if one end is unknown or the clock ran backwards.
func after(from, to time.Time) string {
	if from.IsZero() || to.IsZero() || to.Before(from) {
		return ""
	}
	return " after " + lasting(to.Sub(from))
}

// number writes 1204 as 1,204.
func number(n int64) string {
	t := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, t = "-", t[1:]
	}
	for i := len(t) - 3; i > 0; i -= 3 {
		t = t[:i] + "," + t[i:]
	}
	return sign + t
}

// dollars writes an amount; empty for none.
func dollars(u *prodege.USD) string {
	if u == nil {
		return ""
	}
	return u.Dollars()
}

// amountOr is dollars with other words for an unknown amount.
func amountOr(u *prodege.USD, words string) string {
	if u == nil {
		return words
	}
	return u.Dollars()
}

// change is the way from one amount to another: "+$0.50 (+13 %)"; empty if they are equal.
func change(from, to prodege.USD) string {
	diff := to.Sub(from)
	if diff.IsZero() {
		return ""
	}
	text := signed(diff.Dollars())
	if percent, ok := to.PercentOf(from); ok && percent != 0 {
		text += " (" + signed(number(percent)) + " %)"
	}
	return text
}

func signed(text string) string {
	if strings.HasPrefix(text, "-") {
		return text
	}
	return "+" + text
}

// measure writes what Prodege sent as text, with its unit if it is a number.
func measure(text, unit string) string {
	t := clean(text, 20)
	if _, err := strconv.ParseFloat(t, 64); err == nil {
		return t + unit
	}
	return t
}

// bidActual writes "bid 30 %, actual 22 %" of what is known.
func bidActual(bid, actual, unit string) string {
	if bid = measure(bid, unit); bid != "" {
		bid = "bid " + bid
	}
	if actual = measure(actual, unit); actual != "" {
		actual = "actual " + actual
	}
	return strings.Join(some(bid, actual), ", ")
}

var statuses = map[prodege.Status]string{
	prodege.Pending:         "pending",
	prodege.Live:            "live",
	prodege.Paused:          "paused",
	prodege.PendingComplete: "pending complete",
	prodege.Complete:        "complete",
	prodege.Invoiced:        "invoiced",
	prodege.Deleted:         "deleted",
	"":                      "over",
}

// statusWords is what a project is in that status.
func statusWords(s prodege.Status) string {
	if text, known := statuses[s]; known {
		return text
	}
	return "in status " + clean(string(s), 40)
}

// Reason says why a project is as it is, in words that can stand within a sentence, with Prodege's own code after them:
// "sample size reached (reason 158)". Prodege's description is added only if the reason is new here. It is not escaped.
func Reason(e prodege.Event) string {
	code, description := reasonCode(e.Reason), ""
	if !e.Explained() { // the title has the code
		code, description = "", e.Description
	}
	text := inSentence(strings.TrimPrefix(e.Meaning().Title, "Paused, ")) // the status says that it is paused
	if code += description; code != "" {
		text += " (" + code + ")"
	}
	return text
}

func reasonCode(r prodege.Reason) string {
	if r == 0 {
		return ""
	}
	return fmt.Sprintf("reason %d", r)
}

// urgencyWords says how soon people should look.
func urgencyWords(u prodege.Urgency) string {
	return map[prodege.Urgency]string{prodege.Now: "🔴 act now", prodege.Soon: "🟡 look soon", prodege.Routine: "⚪ routine"}[u]
}

// inSentence writes a title as it reads within a sentence: "Sample size reached" → "sample size reached".
func inSentence(title string) string {
	r := []rune(title)
	if len(r) > 1 && unicode.IsUpper(r[0]) && !unicode.IsUpper(r[1]) {
		r[0] = unicode.ToLower(r[0])
	}
	return string(r)
}

package simulator

import (
	"cmp"
	"fmt"
	"html"
	"html/template"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// mrkdwn turns Slack's text format into HTML for the page: mentions, links, dates, bold, italic, code
// and quotes. Links to messages lead to them on the page.
type mrkdwn struct {
	names map[string]string // by user, channel and group id
	me    string            // whose mentions stand out
	team  string            // permalinks start with it
	kept  []string          // finished HTML, for which a single rune stands while the rest is formatted
}

// format gives what turns this workspace's mrkdwn into HTML.
func (s *Slack) format(me string) mrkdwn {
	defer s.lock()()
	names := map[string]string{}
	for _, u := range s.opts.Users {
		names[u.ID] = u.Name
	}
	for _, c := range s.opts.Channels {
		names[c.ID] = c.Name
	}
	for _, g := range s.opts.Groups {
		names[g.ID] = g.Handle
	}
	return mrkdwn{names: names, me: me, team: s.opts.TeamURL}
}

// firstKept and lastKept bound a private use area of Unicode; text from outside loses its runes.
const firstKept, lastKept = '\uE000', '\uF8FF'

var (
	codePattern  = regexp.MustCompile("`([^`\n]+)`")
	tokenPattern = regexp.MustCompile(`<([^<>]+)>`)
	datePattern  = regexp.MustCompile(`^!date\^(\d{1,12})\^([^^|]+)`)

	// A sign opens at a word's beginning and closes at a word's end, within one line.
	boldPattern   = regexp.MustCompile(`(^|[^\pL\pN])\*(\S(?:[^\n]*?\S)?)\*($|[^\pL\pN])`)
	italicPattern = regexp.MustCompile(`(^|[^\pL\pN])_(\S(?:[^\n]*?\S)?)_($|[^\pL\pN])`)
)

// html gives the text as HTML. Nothing in it is taken for HTML but what this function writes.
func (m mrkdwn) html(text string) template.HTML {
	text = strings.Map(func(r rune) rune {
		if r >= firstKept && r <= lastKept {
			return -1
		}
		return r
	}, text)
	text = codePattern.ReplaceAllStringFunc(text, func(s string) string {
		return m.keep("<code>" + plainHTML(strings.Trim(s, "`")) + "</code>")
	})
	text = tokenPattern.ReplaceAllStringFunc(text, func(s string) string { return m.keep(m.token(s[1 : len(s)-1])) })
	text = plainHTML(text)
	for range 2 { // a match takes the character after it, before which the next one may begin
		text = boldPattern.ReplaceAllString(text, "$1<strong>$2</strong>$3")
		text = italicPattern.ReplaceAllString(text, "$1<em>$2</em>$3")
	}
	text = quotes(text)
	for i := len(m.kept) - 1; i >= 0; i-- {
		text = strings.ReplaceAll(text, string(rune(firstKept+i)), m.kept[i])
	}
	return template.HTML(text) // every part was escaped above
}

// plainHTML escapes text in which only & < > may be written as entities, as Slack has it.
func plainHTML(text string) string {
	return html.EscapeString(strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(text))
}

func (m *mrkdwn) keep(htmlText string) string {
	if firstKept+len(m.kept) > lastKept {
		return ""
	}
	m.kept = append(m.kept, htmlText)
	return string(rune(firstKept + len(m.kept) - 1))
}

// token is what stands between < and >.
func (m mrkdwn) token(text string) string {
	what, words, _ := strings.Cut(text, "|")
	mention := func(class, sign, id string) string {
		return `<span class="mention` + class + `">` + sign + plainHTML(cmp.Or(m.names[id], words, id)) + "</span>"
	}
	switch {
	case what == "@"+m.me:
		return mention(" me", "@", m.me)
	case strings.HasPrefix(what, "@"), strings.HasPrefix(what, "#"):
		return mention("", what[:1], what[1:])
	case strings.HasPrefix(what, "!subteam^"):
		return mention("", "@", strings.TrimPrefix(what, "!subteam^"))
	case strings.HasPrefix(what, "!date^"):
		return date(what, words)
	case strings.HasPrefix(what, "!"):
		return mention(" loud", "@", what[1:])
	}
	u, err := url.Parse(strings.ReplaceAll(what, "&amp;", "&"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto" {
		return plainHTML("<" + text + ">")
	}
	to, elsewhere := u.String(), ` target="_blank" rel="noopener"`
	if at, found := strings.CutPrefix(to, m.team+"archives/"); found && m.team != "" {
		at, _, _ = strings.Cut(at, "?")
		channel, ts, _ := strings.Cut(at, "/p")
		to, elsewhere = "#"+messageAnchor(channel, ts), ""
	}
	return `<a href="` + html.EscapeString(to) + `"` + elsewhere + `>` + plainHTML(cmp.Or(words, what)) + "</a>"
}

// messageAnchor is a message's id on the page. ts may be with or without its point.
func messageAnchor(channel, ts string) string {
	return "m-" + channel + "-" + strings.ReplaceAll(ts, ".", "")
}

// date is Slack's date token, in the zone of this machine.
func date(what, fallback string) string {
	match := datePattern.FindStringSubmatch(what)
	if match == nil {
		return plainHTML(fallback)
	}
	seconds, _ := strconv.ParseInt(match[1], 10, 64)
	t := time.Unix(seconds, 0)
	words := strings.NewReplacer("{date_short_pretty}", day(t), "{date_short}", t.Format("Jan 2, 2006"), "{time}", t.Format("3:04 PM"), "{ago}", ago(t)).Replace(match[2])
	return `<time datetime="` + t.UTC().Format(time.RFC3339) + `" title="` + t.UTC().Format("2006-01-02 15:04:05 UTC") + `">` + plainHTML(words) + "</time>"
}

func day(t time.Time) string {
	for i, name := range []string{"yesterday", "today", "tomorrow"} {
		if t.Format(time.DateOnly) == time.Now().AddDate(0, 0, i-1).Format(time.DateOnly) {
			return name
		}
	}
	return t.Format("Jan 2, 2006")
}

func ago(t time.Time) string {
	d := time.Since(t)
	n, unit := int(d.Minutes()), "minute"
	switch {
	case d < 0:
		return "in the future"
	case d < time.Minute:
		return "moments ago"
	case d >= 48*time.Hour:
		n, unit = int(d.Hours()/24), "day"
	case d >= time.Hour:
		n, unit = int(d.Hours()), "hour"
	}
	if n > 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s ago", n, unit)
}

// quotes turns lines that begin with > into quotations and the other line ends into breaks.
func quotes(text string) string {
	var out strings.Builder
	quoted := false
	for i, line := range strings.Split(text, "\n") {
		inner, is := strings.CutPrefix(line, "&gt;")
		switch {
		case is && !quoted:
			out.WriteString("<blockquote>")
		case !is && quoted:
			out.WriteString("</blockquote>")
		case i > 0:
			out.WriteString("<br>")
		}
		quoted = is
		if is {
			inner = strings.TrimPrefix(inner, " ")
		}
		out.WriteString(inner)
	}
	if quoted {
		out.WriteString("</blockquote>")
	}
	return out.String()
}

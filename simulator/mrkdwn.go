package simulator

import (
	"html"
	"html/template"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// mrkdwn turns Slack's text format into HTML for the page: mentions, links, dates, bold, italic, strike, code
// and quotes. names turns ids into names; links to messages lead to them on the page.
type mrkdwn struct {
	names map[string]string // by user, channel and group id
	me    string            // whose mentions stand out
	team  string            // permalinks start with it
	kept  []string          // finished HTML, for which a single rune stands while the rest is formatted
}

// firstKept begins a private use area of Unicode; text from outside loses its runes.
const firstKept = '\uE000'

var (
	codePattern  = regexp.MustCompile("`([^`\n]+)`")
	tokenPattern = regexp.MustCompile(`<([^<>]+)>`)
	datePattern  = regexp.MustCompile(`^!date\^(\d+)\^([^^|]+)`)
)

// html gives the text as HTML. Nothing in it is taken for HTML but what this function writes.
func (m mrkdwn) html(text string) template.HTML {
	text = strings.Map(func(r rune) rune {
		if r >= firstKept && r <= '\uF8FF' {
			return -1
		}
		return r
	}, text)
	text = codePattern.ReplaceAllStringFunc(text, func(s string) string {
		return m.keep("<code>" + plainHTML(strings.Trim(s, "`")) + "</code>")
	})
	text = tokenPattern.ReplaceAllStringFunc(text, func(s string) string { return m.keep(m.token(s[1 : len(s)-1])) })
	text = plainHTML(text)
	for _, mark := range []struct{ sign, tag string }{{"*", "strong"}, {"_", "em"}} {
		text = between(text, mark.sign, mark.tag)
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
	if len(m.kept) >= 6000 { // the private use area ends
		return ""
	}
	m.kept = append(m.kept, htmlText)
	return string(rune(firstKept + len(m.kept) - 1))
}

// token is what stands between < and >.
func (m mrkdwn) token(text string) string {
	what, shown, _ := strings.Cut(text, "|")
	switch {
	case strings.HasPrefix(what, "@"):
		class := "mention"
		if what[1:] == m.me {
			class += " me"
		}
		return `<span class="` + class + `">@` + plainHTML(or(m.names[what[1:]], or(shown, what[1:]))) + "</span>"
	case strings.HasPrefix(what, "#"):
		return `<span class="mention">#` + plainHTML(or(m.names[what[1:]], or(shown, what[1:]))) + "</span>"
	case strings.HasPrefix(what, "!subteam^"):
		id := strings.TrimPrefix(what, "!subteam^")
		return `<span class="mention">@` + plainHTML(or(m.names[id], or(shown, id))) + "</span>"
	case strings.HasPrefix(what, "!date^"):
		return date(what, shown)
	case strings.HasPrefix(what, "!"):
		return `<span class="mention loud">@` + plainHTML(what[1:]) + "</span>"
	}
	u, err := url.Parse(strings.ReplaceAll(what, "&amp;", "&"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto" {
		return plainHTML("<" + text + ">")
	}
	if at, found := strings.CutPrefix(u.String(), m.team+"archives/"); found && m.team != "" {
		channel, ts, _ := strings.Cut(strings.SplitN(at, "?", 2)[0], "/p")
		return `<a href="#` + html.EscapeString(messageAnchor(channel, ts)) + `">` + plainHTML(or(shown, what)) + "</a>"
	}
	return `<a href="` + html.EscapeString(u.String()) + `" target="_blank" rel="noopener">` + plainHTML(or(shown, what)) + "</a>"
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
	seconds, err := strconv.ParseInt(match[1], 10, 64)
	if err != nil {
		return plainHTML(fallback)
	}
	t := time.Unix(seconds, 0)
	shown := strings.NewReplacer("{date_short_pretty}", day(t), "{date_short}", t.Format("Jan 2, 2006"), "{time}", t.Format("3:04 PM"), "{ago}", ago(t)).Replace(match[2])
	return `<time datetime="` + t.UTC().Format(time.RFC3339) + `" title="` + t.UTC().Format("2006-01-02 15:04:05 UTC") + `">` + plainHTML(shown) + "</time>"
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
	switch {
	case d < 0:
		return "in the future"
	case d < time.Minute:
		return "moments ago"
	case d < time.Hour:
		return plural(int(d.Minutes()), "minute")
	case d < 48*time.Hour:
		return plural(int(d.Hours()), "hour")
	}
	return plural(int(d.Hours()/24), "day")
}

func plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit + " ago"
	}
	return strconv.Itoa(n) + " " + unit + "s ago"
}

// between puts tags around what a sign opens at a word's beginning and closes at a word's end, within one line.
func between(text, sign, tag string) string {
	var out strings.Builder
	rest := text
	for {
		open := strings.Index(rest, sign)
		if open < 0 {
			break
		}
		inner := rest[open+1:]
		end := closing(inner, sign)
		before, _ := utf8.DecodeLastRuneInString(out.String() + rest[:open])
		if end < 0 || wordly(before) {
			out.WriteString(rest[:open+1])
			rest = inner
			continue
		}
		out.WriteString(rest[:open] + "<" + tag + ">" + inner[:end] + "</" + tag + ">")
		rest = inner[end+1:]
	}
	return out.String() + rest
}

// closing finds the sign that closes what was opened just before inner; -1 if none does.
func closing(inner, sign string) int {
	first, _ := utf8.DecodeRuneInString(inner)
	if inner == "" || unicode.IsSpace(first) {
		return -1
	}
	for at := 1; at < len(inner); at++ {
		if inner[at] == '\n' {
			return -1
		}
		if inner[at:at+1] != sign {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(inner[:at])
		after, _ := utf8.DecodeRuneInString(inner[at+1:])
		if !unicode.IsSpace(before) && (at+1 == len(inner) || !wordly(after)) {
			return at
		}
	}
	return -1
}

func wordly(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
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

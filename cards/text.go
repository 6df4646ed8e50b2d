package cards

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Text from outside (names, notes, descriptions, what people typed) passes through clean, quoted or plain exactly
// once, and is cut there. Text built here is joined as it is. Lengths are UTF-16 units after escaping: Slack does not
// say what it counts, and this is never fewer than its characters.

// clean makes outside text safe for mrkdwn on one line, of at most max characters.
func clean(text string, max int) string {
	return cut(escape(strings.Join(strings.Fields(neutral(text)), " ")), max)
}

// quoted is clean for text that may have several lines: each becomes a line of a quotation, ten at most.
func quoted(text string, max int) string {
	const maxLines = 10
	var lines []string
	for line := range strings.Lines(neutral(text)) {
		line = strings.Join(strings.Fields(line), " ")
		switch {
		case line == "":
		case len(lines) == maxLines:
			return quotation(lines, max-2) + "\n> …"
		default:
			lines = append(lines, line)
		}
	}
	return quotation(lines, max)
}

func quotation(lines []string, max int) string {
	if len(lines) == 0 {
		return ""
	}
	body := cut(escape(strings.Join(lines, "\n")), max)
	return "> " + strings.ReplaceAll(body, "\n", "\n> ")
}

// plain makes outside text safe for a plain_text object, where Slack reads no markup and no entities.
func plain(text string, max int) string {
	t := strings.Join(strings.Fields(neutral(text)), " ")
	return cut(strings.NewReplacer("<", "‹", ">", "›").Replace(t), max)
}

// neutral replaces what would not show, or would make the reader see another text than the one that came: invalid
// UTF-8, control characters, bidi overrides, byte order marks, tag characters.
func neutral(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\u2028', r == '\u2029':
			return '\n'
		case unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Bidi_Control, r), r == '\ufeff', r >= 0xe0000 && r <= 0xe007f:
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escape writes the three characters that mean something to Slack as entities.
func escape(text string) string { return escaper.Replace(text) }

// cut shortens to max characters, the last of them "…", never within a rune, an entity or a <…> form.
func cut(text string, max int) string {
	if size(text) <= max {
		return text
	}
	n, end := 0, 0
	for i, r := range text {
		if n += utf16.RuneLen(r); n > max-1 {
			end = i
			break
		}
	}
	t := text[:end]
	if i := strings.LastIndexByte(t, '<'); i > strings.LastIndexByte(t, '>') {
		t = t[:i]
	}
	const longestEntity = len("&amp;")
	if i := strings.LastIndexByte(t, '&'); i > strings.LastIndexByte(t, ';') && len(t)-i < longestEntity {
		t = t[:i]
	}
	t = strings.TrimRight(t, " \n")
	if quote := strings.TrimSuffix(t, "\n>"); quote != t { // a quote of which nothing is left
		t = strings.TrimRight(quote, " \n")
	}
	return t + "…"
}

// size counts UTF-16 units.
func size(text string) (n int) {
	for _, r := range text {
		n += utf16.RuneLen(r)
	}
	return n
}

// bold marks text that is clean already. Text with a star of its own would end the mark early.
func bold(text string) string {
	if text == "" || strings.ContainsAny(text, "*`") {
		return text
	}
	return "*" + text + "*"
}

// person writes a Slack user or user group so that Slack shows the name (and, in a new message, notifies).
// Anything else is shown as the text it is.
func person(id string) string {
	switch {
	case id == "":
		return "someone"
	case slackID(id, "UW"):
		return "<@" + id + ">"
	case slackID(id, "S"):
		return "<!subteam^" + id + ">"
	}
	return clean(id, 40)
}

// slackID reports whether id is safe as a Slack id of one of the kinds, which its first letter tells. It accepts more
// than what Slack issues today (capitals and digits), because Slack promises no form.
func slackID(id, kinds string) bool {
	return len(id) >= 2 && strings.Contains(kinds, id[:1]) && plainID(id, 64)
}

// plainID reports whether id has at most max bytes and nothing but letters, digits, "_", "-" and ".".
func plainID(id string, max int) bool {
	return id != "" && len(id) <= max && strings.IndexFunc(id, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' || r == '.')
	}) < 0
}

// channelName writes a channel so that Slack shows its name.
func channelName(id string) string {
	if slackID(id, "CG") {
		return "<#" + id + ">"
	}
	return clean(id, 80)
}

// mentions writes up to twenty people in a row, followed by a colon; empty if there are none.
func mentions(ids []string) string {
	const most = 20
	if len(ids) > most {
		ids = ids[:most]
	}
	var people []string
	for _, id := range ids {
		if slackID(id, "UWS") {
			people = append(people, person(id))
		}
	}
	if people == nil {
		return ""
	}
	return strings.Join(people, " ") + ": "
}

// link writes a link under words of ours; empty if the address is not plain http or https.
func link(address, words string) string {
	const longest = 500
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return ""
	}
	target := u.String()
	if len(target) > longest || address != neutral(address) || strings.ContainsAny(target, "<>|\"` ") {
		return ""
	}
	return "<" + strings.ReplaceAll(target, "&", "&amp;") + "|" + words + ">"
}

// some drops what is empty.
func some(parts ...string) []string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return kept
}

// sentences joins what is not empty with spaces.
func sentences(parts ...string) string { return strings.Join(some(parts...), " ") }

// dots joins what is not empty with middle dots.
func dots(parts ...string) string { return strings.Join(some(parts...), " · ") }

// lines joins what is not empty with line ends.
func lines(parts ...string) string { return strings.Join(some(parts...), "\n") }

// sentence joins what is not empty with commas, from a capital letter to a full stop.
func sentence(parts ...string) string {
	text := strings.Join(some(parts...), ", ")
	if text == "" {
		return ""
	}
	return capital(text) + "."
}

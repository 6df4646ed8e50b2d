package cards

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Text from outside (names, notes, descriptions, what people typed) passes through clean, quoted or plain exactly
// once, and is cut there. Text built here is joined as it is. Lengths are UTF-16 units after escaping: Slack does not
// say what it counts, and this is never fewer than its characters.

// clean makes outside text safe for mrkdwn on one line, of at most max characters.
func clean(text string, max int) string { return cut(escape(oneLine(text)), max) }

// quoted is clean for text that may have several lines: each becomes a line of a quotation, ten at most.
func quoted(text string, max int) string {
	const most = 10
	var quote []string
	for line := range strings.Lines(neutral(text)) {
		quote = append(quote, some(oneLine(line))...)
	}
	more := ""
	if len(quote) > most {
		quote, max, more = quote[:most], max-2, "\n> …"
	}
	if quote == nil {
		return ""
	}
	return "> " + strings.ReplaceAll(cut(escape(lines(quote...)), max), "\n", "\n> ") + more
}

// plain makes outside text safe for a plain_text object, where Slack reads no markup and no entities.
func plain(text string, max int) string {
	return cut(strings.NewReplacer("<", "‹", ">", "›").Replace(oneLine(text)), max)
}

func oneLine(text string) string { return strings.Join(strings.Fields(neutral(text)), " ") }

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

// torn is what a cut leaves of a <…> form, an entity or a line of a quotation, with the space before it.
var torn = regexp.MustCompile(`(<[^<>]*|&[a-z]{0,3}|\n>|[ \n])+$`)

// cut shortens to max characters, the last of them "…", never within a rune, an entity or a <…> form.
func cut(text string, max int) string {
	if size(text) <= max {
		return text
	}
	n := 0
	for i, r := range text {
		if n += utf16.RuneLen(r); n > max-1 {
			text = text[:i]
			break
		}
	}
	return torn.ReplaceAllString(text, "") + "…"
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

// mention writes a Slack user or user group so that Slack shows the name (and, in a new message, notifies). Anything else
// is shown as the text it is.
func mention(id string) string {
	switch {
	case id == "":
		return "someone"
	case slackID(id, "UW"):
		return "<@" + id + ">"
	case slackID(id, "S"):
		return "<!subteam^" + id + ">"
	}
	return clean(id, 80)
}

// channelName writes a channel so that Slack shows its name.
func channelName(id string) string {
	if slackID(id, "CG") {
		return "<#" + id + ">"
	}
	return clean(id, 80)
}

// slackID reports whether id is safe as a Slack id of one of the kinds, which its first letter tells. It accepts more
// than what Slack issues today (capitals and digits), because Slack promises no form.
func slackID(id, kinds string) bool {
	return len(id) >= 2 && strings.Contains(kinds, id[:1]) && plainID(id, 64)
}

var plainForm = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// plainID reports whether id has at most max bytes and nothing but letters, digits, "_", "-" and ".".
func plainID(id string, max int) bool { return len(id) <= max && plainForm.MatchString(id) }

// mentions writes up to twenty people in a row, followed by a colon; empty if there are none.
func mentions(ids []string) string {
	const most = 20
	var people []string
	for _, id := range ids[:min(most, len(ids))] {
		if slackID(id, "UWS") {
			people = append(people, mention(id))
		}
	}
	return only(people != nil, strings.Join(people, " ")+": ")
}

// link writes a link under words of ours; empty if the address is not plain http or https, or long.
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

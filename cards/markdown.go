package cards

import (
	"strings"
	"time"

	"fieldmarshal/project"
)

// stamp is a time as engineers read it, to the second, with its zone.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "an unknown time"
	}
	return t.UTC().Format("2006-01-02 15:04:05 MST")
}

// messageLink is the address of the message with a key; empty if it is not in Slack.
func messageLink(s *project.State, key string) string {
	for _, m := range s.Outbox {
		if key != "" && m.Key == key {
			return m.Link
		}
	}
	return ""
}

// requestKey is the key of the message of the newest CPI request.
func requestKey(s *project.State) string {
	for _, m := range s.Outbox {
		if r := m.Card.Request; r != nil && s.Request != nil && r.ID == s.Request.ID {
			return m.Key
		}
	}
	return ""
}

func slackLink(s *project.State, key string) string {
	link := messageLink(s, key)
	if link == "" || strings.ContainsAny(link, "()<> \n") {
		return ""
	}
	return "[in Slack](" + link + ")"
}

// markdown keeps a text from being read as Markdown; the Temporal UI takes text between two dollar signs for a formula.
func markdown(text string) string {
	return markdownEscaper.Replace(neutral(text))
}

var markdownEscaper = strings.NewReplacer("\n", " ", "|", `\|`, "*", `\*`, "_", `\_`, "`", "'", "[", `\[`, "<", `\<`, "#", `\#`, "$", `\$`, `\`, `\\`)

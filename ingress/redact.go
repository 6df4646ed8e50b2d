package ingress

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// secretHeader finds headers that carry what only sender and receiver may know.
var secretHeader = regexp.MustCompile(`(?i)authorization|cookie|signature|token|secret|api-?key|password`)

// redactHeader returns headers without what is secret in them.
func redactHeader(h http.Header) http.Header {
	safe := http.Header{}
	for name, values := range h {
		for _, v := range values {
			if secretHeader.MatchString(name) {
				v = hidden(v)
			}
			safe.Add(strings.ToValidUTF8(name, "\ufffd"), strings.ToValidUTF8(v, "\ufffd"))
		}
	}
	return safe
}

// The signature and the API key, in a form or an address, and in JSON.
var (
	secretParameter = regexp.MustCompile(`(?i)((?:^|[&?])(?:signature|apik)=)([^&\s]*)`)
	secretProperty  = regexp.MustCompile(`(?i)("(?:signature|apik)"\s*:\s*")((?:[^"\\]|\\.)*)`)
)

// maxRedacted is more of a text than the inbox keeps.
const maxRedacted = 64 << 10

// redactText hides signature and API key, but says how long they were: a signature of a wrong length is a clue.
func redactText(text string) string {
	text = text[:min(len(text), maxRedacted)]
	for _, re := range []*regexp.Regexp{secretParameter, secretProperty} {
		text = re.ReplaceAllStringFunc(text, func(found string) string {
			parts := re.FindStringSubmatch(found)
			return parts[1] + hidden(parts[2])
		})
	}
	return strings.ToValidUTF8(text, "\ufffd")
}

func hidden(value string) string {
	if plain, err := url.QueryUnescape(value); err == nil {
		value = plain
	}
	return fmt.Sprintf("[hidden, %d characters]", utf8.RuneCountInString(value))
}

package prodege

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"
)

// maxSalvaged bounds the bodies that SalvageData reads: a delivery that matters is far smaller.
const maxSalvaged = 64 << 10

// SalvageData finds data in a delivery that is refused for its form, such as one with a new parameter or another content
// type, so that a person can vouch for it. signed reports whether it has a signature. The data must not be trusted.
func SalvageData(contentType string, body []byte) (data []byte, signed bool) {
	if len(body) > maxSalvaged {
		return nil, false
	}
	media, params, _ := mime.ParseMediaType(contentType)
	take := func(name string, value []byte) {
		switch name = strings.ToLower(name); {
		case name == dataName && data == nil:
			data = value
		case strings.Contains(name, "sign"):
			signed = true
		}
	}
	switch {
	case strings.HasPrefix(media, "multipart/"):
		parts := multipart.NewReader(bytes.NewReader(body), params["boundary"])
		for part, err := parts.NextPart(); err == nil; part, err = parts.NextPart() {
			value, _ := io.ReadAll(part)
			take(part.FormName(), value)
		}
	case kind(body) == '{':
		for in := readObject(body); in.more(); {
			name, value := in.next(), in.next()
			if value == nil {
				break
			}
			take(asText(name), value)
		}
	default:
		for pair := range bytes.SplitSeq(body, []byte("&")) {
			name, value, _ := strings.Cut(string(pair), "=")
			plainName, nameErr := url.QueryUnescape(name)
			plain, err := url.QueryUnescape(value)
			if nameErr == nil && err == nil {
				take(plainName, []byte(plain))
			}
		}
	}
	switch kind(data) {
	case '{', '[', '"':
		return data, signed
	}
	return nil, signed
}

package prodege

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
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
		d := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
		_, _ = d.ReadToken()
		for d.PeekKind() == '"' {
			quoted, err := d.ReadValue()
			if err != nil {
				break
			}
			name := asText(quoted)
			value, err := d.ReadValue()
			if err != nil {
				break
			}
			take(name, bytes.Clone(value))
		}
	default:
		for pair := range bytes.SplitSeq(body, []byte("&")) {
			name, value, _ := bytes.Cut(pair, []byte("="))
			plainName, nameOK := unescape(name)
			plain, ok := unescape(value)
			if nameOK && ok {
				take(string(plainName), plain)
			}
		}
	}
	switch kind(data) {
	case '{', '[', '"':
		return data, signed
	}
	return nil, signed
}

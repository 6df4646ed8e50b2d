package ingress

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"fieldmarshal/prodege"
)

// What people see of a refused delivery must not contain secrets. They are hidden in three ways, in case one of them fails:
//
//   - by the decoded name of a parameter, a member, a part or a header, however deep in what can be parsed: JSON in a string,
//     JSON in a form, escaped and percent-encoded names;
//   - every known secret, anywhere;
//   - everything in the form of a signature, and in text that can't be parsed what follows a suspicious name.
//
// Apart from that the text is as it came, because white space and escapes may explain why a signature does not match.

const (
	// maxParsed is the largest body that is parsed to be shown. Of a larger one the beginning is shown as text.
	maxParsed = 64 << 10
	maxShown  = 8 << 10
	maxNested = 4 // levels of texts in texts
)

// secretName matches the names of what only sender and receiver may know.
var secretName = regexp.MustCompile(`(?i)sign|^sig$|hmac|apik|api[-_]?key|token|secret|passw|authorization|cookie`)

var (
	// namedSecret matches a suspicious name and its value in any text.
	namedSecret = regexp.MustCompile(`(?i)((?:sign|hmac|apik|api[-_]?key|token|secret|passw)[a-z]{0,6}[^A-Za-z0-9]{0,10}[:="'>\\][^A-Za-z0-9]{0,20})((?:\\.|[^\s"'&<>,;}\]\\])+)`)
	// escape matches a character that is percent-encoded or escaped in JSON.
	escape = regexp.MustCompile(`%[0-9A-Fa-f]{2}|\\u00[0-7][0-9A-Fa-f]`)
)

// suspicious are the prefixes of what namedSecret matches. They are checked first, because it is slow and anyone can send
// bodies.
var suspicious = []string{"sign", "hmac", "api", "token", "secret", "passw"}

// redactor hides secrets. It is safe for concurrent use.
type redactor struct{ known *strings.Replacer }

func newRedactor(secrets []prodege.Secret) redactor {
	var pairs []string
	for _, s := range secrets {
		plain := s.Reveal()
		if plain == "" {
			continue
		}
		quoted, _ := json.Marshal(plain)
		for _, form := range []string{plain, url.QueryEscape(plain), url.PathEscape(plain), string(quoted[1 : len(quoted)-1])} {
			pairs = append(pairs, form, "[hidden]")
		}
	}
	return redactor{strings.NewReplacer(pairs...)}
}

// body returns a body without its secrets.
func (r redactor) body(contentType string, body []byte) string {
	if len(body) > maxParsed {
		// What it ends with may be half a secret.
		return r.text(strings.TrimRightFunc(string(body[:maxShown]), func(c rune) bool {
			return c < utf8.RuneSelf && !strings.ContainsRune(" \n,}", c)
		}))
	}
	media, params, _ := mime.ParseMediaType(contentType)
	if strings.HasPrefix(media, "multipart/") {
		if shown, ok := r.multipart(body, params["boundary"]); ok {
			return shown
		}
	}
	if shown, ok := r.json(body, 0); ok {
		return shown
	}
	if media == "application/x-www-form-urlencoded" || bytes.Contains(body, []byte("signature=")) {
		return r.form(string(body), 0)
	}
	return r.text(string(body))
}

// header returns headers without their secrets.
func (r redactor) header(h http.Header) http.Header {
	shown := http.Header{}
	for name, values := range h {
		for _, v := range values {
			if secretName.MatchString(name) {
				v = hidden(v)
			}
			shown.Add(r.text(name), r.text(v))
		}
	}
	return shown
}

// address returns the path and query of an address without their secrets.
func (r redactor) address(u *url.URL) string {
	shown := r.text(u.EscapedPath())
	if u.RawQuery != "" {
		shown += "?" + r.form(u.RawQuery, 0)
	}
	return shown
}

// json returns JSON without its secrets; ok is false for anything else. Only what is hidden is changed.
func (r redactor) json(text []byte, depth int) (shown string, ok bool) {
	if first := bytes.TrimLeft(text, " \t\r\n"); len(first) == 0 || !bytes.ContainsAny(first[:1], `{["`) {
		return "", false
	}
	d := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	var out []byte
	copied, secret := 0, false // secret: the next value is that of a secret name
	for {
		in, n := d.StackIndex(d.StackDepth())
		isName, isString := in == '{' && n%2 == 0, d.PeekKind() == '"'
		if !isString && !secret {
			if _, err := d.ReadToken(); err == io.EOF {
				break
			} else if err != nil {
				return "", false
			}
			continue
		}
		value, err := d.ReadValue()
		if err != nil {
			return "", false
		}
		plain := string(value)
		if isString {
			unquoted, _ := jsontext.AppendUnquote(nil, value)
			plain = string(unquoted)
		}
		var with string
		if secret {
			with = hidden(plain)
		} else {
			with = r.value(plain, depth+1)
		}
		if with != plain {
			end := int(d.InputOffset())
			out = append(out, text[copied:end-len(value)]...)
			out, _ = jsontext.AppendQuote(out, with)
			copied = end
		}
		secret = isName && secretName.MatchString(plain)
	}
	out = append(out, text[copied:]...)
	// A secret may also be a number, or span JSON's structure.
	return r.known.Replace(strings.ToValidUTF8(string(out), "\ufffd")), true
}

// form returns a form without its secrets.
func (r redactor) form(text string, depth int) string {
	pairs := strings.Split(text, "&")
	for i, pair := range pairs {
		name, value, is := strings.Cut(pair, "=")
		plainName, plain := unescaped(name), unescaped(value)
		if is && secretName.MatchString(plainName) {
			pairs[i] = r.text(name) + "=" + hidden(plain)
		} else if shown := r.value(plain, depth+1); is && shown != plain {
			pairs[i] = r.text(name) + "=" + url.QueryEscape(shown)
		} else {
			pairs[i] = r.text(pair)
		}
	}
	return strings.ToValidUTF8(strings.Join(pairs, "&"), "\ufffd")
}

// multipart returns a multipart body without its secrets; ok is false for anything else.
func (r redactor) multipart(body []byte, boundary string) (shown string, ok bool) {
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	var out strings.Builder
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return out.String(), true
		}
		if err != nil {
			return "", false
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return "", false
		}
		with := r.value(string(value), 1)
		if secretName.MatchString(unescaped(part.FormName())) {
			with = hidden(string(value))
		}
		fmt.Fprintf(&out, "--%s\n", r.text(boundary))
		for name, values := range part.Header {
			fmt.Fprintf(&out, "%s: %s\n", r.text(name), r.text(strings.Join(values, ", ")))
		}
		fmt.Fprintf(&out, "\n%s\n", with)
	}
}

// value returns a value, which may be JSON itself, without its secrets.
func (r redactor) value(plain string, depth int) string {
	if depth < maxNested {
		if shown, ok := r.json([]byte(plain), depth); ok {
			return shown
		}
	}
	return r.text(plain)
}

// text returns any text without its secrets. If escapes conceal something in it, it is shown without them.
func (r redactor) text(text string) string {
	shown := r.plain(strings.ToValidUTF8(text, "\ufffd"))
	decoded := shown
	for depth := 0; depth < maxNested && strings.ContainsAny(decoded, `%\\`); depth++ {
		decoded = escape.ReplaceAllStringFunc(decoded, func(e string) string {
			n, _ := strconv.ParseUint(e[len(e)-2:], 16, 8)
			return string([]byte{byte(n)})
		})
	}
	decoded = strings.ToValidUTF8(decoded, "\ufffd")
	if again := r.plain(decoded); again != decoded {
		return again
	}
	return shown
}

func (r redactor) plain(text string) string {
	text = r.known.Replace(text)
	lower := strings.ToLower(text)
	if slices.ContainsFunc(suspicious, func(name string) bool { return strings.Contains(lower, name) }) {
		text = namedSecret.ReplaceAllStringFunc(text, func(found string) string {
			parts := namedSecret.FindStringSubmatch(found)
			if strings.HasPrefix(parts[2], "[hidden") {
				return found
			}
			return parts[1] + hidden(parts[2])
		})
	}
	return withoutSignatures(text)
}

// withoutSignatures hides everything in the form of Prodege's signatures: base64 of 32 bytes.
func withoutSignatures(text string) string {
	const length = 43
	var out strings.Builder
	for len(text) > 0 {
		n := strings.IndexFunc(text, func(c rune) bool { return !isBase64(c) })
		if n < 0 {
			n = len(text)
		}
		if n == length {
			out.WriteString(hidden(text[:n]))
		} else {
			out.WriteString(text[:n])
		}
		text = text[n:]
		n = strings.IndexFunc(text, isBase64)
		if n < 0 {
			n = len(text)
		}
		out.WriteString(text[:n])
		text = text[n:]
	}
	return out.String()
}

func isBase64(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '+' || c == '/'
}

// hidden replaces a value and gives its length, because a signature of the wrong length is a clue.
func hidden(value string) string {
	return fmt.Sprintf("[hidden, %d characters]", utf8.RuneCountInString(value))
}

// unescaped decodes a name or value of a form, unless an escape is malformed.
func unescaped(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

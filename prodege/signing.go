package prodege

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"log/slog"
	"maps"
	"slices"
	"strings"
)

// Secret is a key or token that must never be printed. Its String, JSON and log forms are "[redacted]".
type Secret string

// String hides the secret from fmt, so that no log line or error text can contain it.
func (Secret) String() string { return "[redacted]" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return "[redacted]" }

// MarshalText hides the secret from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

// LogValue hides the secret from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// Reveal returns the secret itself, only for signing and for headers.
func (s Secret) Reveal() string { return string(s) }

// signatureName is the parameter that carries a signature; it is never part of what is signed.
const signatureName = "signature"

// Sign returns the signature of a request's parameters, as Prodege's "Authentication" describes it: unpadded base64url
// of SHA-256(secret + ":" + parameters), where the parameters are name=value, sorted by name and joined by colons. A
// parameter named "signature" is left out.
//
// It is not an HMAC: whoever has seen a signed text can sign that text with something appended (length extension), and
// nothing marks where a value ends. Code that checks a signature must therefore only accept values that leave one
// reading, as ReadEnvelope does.
func Sign(secret Secret, params map[string]string) string {
	return digest(secret, []byte(stringToSign(params)))
}

// Verify reports whether signature is that of params under any of the secrets (there are several while a secret is
// being rotated). Comparisons take constant time. An empty secret verifies nothing.
func Verify(secrets []Secret, params map[string]string, signature string) bool {
	return signedBy(secrets, signature, []byte(stringToSign(params)))
}

// signedBy is Verify for a text in parts.
func signedBy(secrets []Secret, signature string, parts ...[]byte) bool {
	found := 0
	for _, s := range secrets {
		if s != "" {
			found |= subtle.ConstantTimeCompare([]byte(digest(s, parts...)), []byte(signature))
		}
	}
	return found == 1
}

func stringToSign(params map[string]string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if name != signatureName {
			pairs = append(pairs, name+"="+params[name])
		}
	}
	return strings.Join(pairs, ":")
}

func digest(secret Secret, parts ...[]byte) string {
	sum := sha256.New()
	sum.Write([]byte(secret.Reveal() + ":"))
	for _, part := range parts {
		sum.Write(part)
	}
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil))
}

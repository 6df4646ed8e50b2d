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

// String hides the secret from fmt, so that no log line or error text can hold it.
func (Secret) String() string { return "[redacted]" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return "[redacted]" }

// MarshalText hides the secret from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

// LogValue hides the secret from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// Reveal gives the secret itself, for signing and for headers only.
func (s Secret) Reveal() string { return string(s) }

// signatureName is the parameter that carries a signature; it is never part of what is signed.
const signatureName = "signature"

// Sign gives the signature of a request's parameters, as Prodege's "Authentication" describes it:
// base64url without padding of SHA-256(secret + ":" + parameters), where the parameters are name=value,
// sorted by name and joined by colons. A parameter named "signature" is left out.
//
// It is no HMAC: who saw one signed text can sign that text with something appended (length extension),
// and nothing in it marks where a value ends. Who checks a signature must therefore hold every value to a
// form that leaves only one reading; ReadEnvelope does.
func Sign(secret Secret, params map[string]string) string {
	return digest(secret, stringToSign(params))
}

// Verify reports whether signature is the one of params under any of the secrets (several while a secret is
// being exchanged). It takes the same time wherever a difference lies. An empty secret verifies nothing.
func Verify(secrets []Secret, params map[string]string, signature string) bool {
	text := stringToSign(params)
	found := 0
	for _, s := range secrets {
		if s == "" {
			continue
		}
		found |= subtle.ConstantTimeCompare([]byte(digest(s, text)), []byte(signature))
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

func digest(secret Secret, text string) string {
	sum := sha256.Sum256([]byte(secret.Reveal() + ":" + text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

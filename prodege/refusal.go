package prodege

import "fmt"

// Causes of refused deliveries, as they are counted and shown. All but WrongContentType are answered with 400, after
// which Prodege does not try again.
const (
	WrongContentType = "wrong_content_type" // neither JSON nor a form: 415
	Malformed        = "malformed"          // not the JSON or form that the contract describes
	TrailingBytes    = "trailing_bytes"     // something follows the JSON value
	DuplicateKey     = "duplicate_key"      // a parameter or a JSON key occurs twice
	UnknownParameter = "unknown_parameter"  // a parameter other than data, signature, apik and request_date
	EmptyArray       = "empty_array"        // data contains no event
	MissingSignature = "missing_signature"
	BadSignature     = "bad_signature"
)

// Causes lists all causes, for metrics that start at zero.
var Causes = []string{
	WrongContentType, Malformed, TrailingBytes, DuplicateKey, UnknownParameter, EmptyArray, MissingSignature, BadSignature,
}

// Refusal is the error of a delivery that can't be accepted. Its text tells the sender what is wrong. It may be sent
// and logged: it never contains a signature or a secret.
type Refusal struct {
	Cause  string // one of the constants above
	Detail string // what exactly, for people

	EventID EventID // of the first event, if one could be read; not to be trusted
}

// Error returns Detail.
func (r *Refusal) Error() string { return r.Detail }

// ErrBadSignature is the refusal of a delivery that is not authentic.
var ErrBadSignature = &Refusal{Cause: BadSignature, Detail: "the signature does not match the data"}

func refuse(cause, format string, args ...any) *Refusal {
	return &Refusal{Cause: cause, Detail: fmt.Sprintf(format, args...)}
}

package prodege

import "fmt"

// Causes of refused deliveries, as they are counted and shown. All but WrongContentType are answered with
// 400, which is final for Prodege.
const (
	WrongContentType = "wrong_content_type" // neither JSON nor a form: 415
	Malformed        = "malformed"          // not the JSON or form that the contract describes
	TrailingBytes    = "trailing_bytes"     // something follows the one JSON value
	DuplicateKey     = "duplicate_key"      // a parameter or a JSON key stands twice
	UnknownParameter = "unknown_parameter"  // a parameter beside data, signature, apik, request_date
	EmptyArray       = "empty_array"        // data holds no event
	MissingSignature = "missing_signature"
	BadSignature     = "bad_signature"
)

// Causes lists them all, for metrics that begin at nought.
var Causes = []string{
	WrongContentType, Malformed, TrailingBytes, DuplicateKey, UnknownParameter, EmptyArray, MissingSignature, BadSignature,
}

// Refusal is the error of a delivery that can't be taken. Its text says what the sender did wrong, in a
// sentence that may be answered to the sender and logged: it never holds a signature or a secret.
type Refusal struct {
	Cause  string // one of the constants above
	Detail string // what exactly, for people

	EventID EventID // of the first event, where one could be read; not to be trusted
}

// Error is the sentence for the sender.
func (r *Refusal) Error() string { return r.Detail }

// ErrBadSignature is the refusal of a delivery that is not Authentic.
var ErrBadSignature = &Refusal{Cause: BadSignature, Detail: "the signature does not fit the data"}

func refuse(cause, format string, args ...any) *Refusal {
	return &Refusal{Cause: cause, Detail: fmt.Sprintf(format, args...)}
}

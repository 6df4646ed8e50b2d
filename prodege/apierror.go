package prodege

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Prodege's error codes that this program acts on; the others only have words.
const (
	codeMaintenance  = 100
	CodeUnauthorized = 101
	codeExpired      = 102
	CodeRateLimit    = 103
)

// codeWords puts Prodege's error codes into words. It is the only place for them.
var codeWords = map[int]string{
	codeMaintenance:  "Prodege's API is under maintenance",
	CodeUnauthorized: "Prodege does not accept our API key or signature",
	codeExpired:      "Prodege considers the date of our call expired, so its clock and ours differ",
	CodeRateLimit:    "Prodege's rate limit has been reached",

	2001: "Prodege does not know the project",
	2002: "Prodege does not know the project",
	2003: "Prodege does not know the project",
	2009: "Prodege considers the CPI invalid",
	2010: "our account may not set the CPI at Prodege",
	2012: "Prodege does not allow this change of status",
	2013: "Prodege does not allow this change of status",
	2014: "the project is COMPLETE at Prodege, so nothing can be changed any more",
	2015: "Prodege does not allow this change of status",
	2016: "Prodege does not allow this change of status",
	2017: "Prodege does not allow this change of status",
}

// APIError is the error of a Demand API call that did not succeed: refused, unanswered, or answered with something
// that is not Prodege's.
type APIError struct {
	Call       string   // "project-update"
	Codes      []int    // Prodege's error_codes; empty if it gave none
	Messages   []string // what Prodege wrote, or what went wrong on the way; no secrets
	HTTPStatus int      // 0: no answer came

	notJSON bool  // the answer was not Prodege's
	odd     bool  // the answer reported no failure but lacked what it must have
	err     error // the context's, which tells a cancelled call apart
}

// Error gives call, codes and words: "project-update: prodege 2014: the project is COMPLETE at Prodege, …".
func (e *APIError) Error() string {
	if len(e.Codes) == 0 {
		return e.Call + ": " + e.Words()
	}
	codes := make([]string, len(e.Codes))
	for i, c := range e.Codes {
		codes[i] = strconv.Itoa(c)
	}
	return fmt.Sprintf("%s: prodege %s: %s", e.Call, strings.Join(codes, ", "), e.Words())
}

// Unwrap returns context.Canceled or context.DeadlineExceeded if that ended the call.
func (e *APIError) Unwrap() error { return e.err }

// Words says what went wrong for people to read, without the call, the numbers of known codes, or secrets.
func (e *APIError) Words() string {
	var words []string
	for _, c := range e.Codes {
		if w := e.word(c); !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	switch {
	case len(words) > 0:
	case e.HTTPStatus == 0 && errors.Is(e.err, context.Canceled):
		words = append(words, "the call to Prodege was stopped here before an answer came")
	case e.HTTPStatus == 0 && errors.Is(e.err, context.DeadlineExceeded):
		words = append(words, "Prodege gave no answer in time")
	case e.HTTPStatus == 0:
		words = append(words, "Prodege could not be reached"+e.told())
	case e.odd:
		words = append(words, "Prodege's answer can't be used"+e.told())
	case e.HTTPStatus/100 == 3:
		words = append(words, fmt.Sprintf("Prodege's address redirects elsewhere (HTTP %d), and redirects are not followed; check PRODEGE_BASE_URL", e.HTTPStatus))
	case e.notJSON:
		words = append(words, fmt.Sprintf("the answer (HTTP %d) was not from Prodege's API, or the API is out of order", e.HTTPStatus))
	case e.HTTPStatus/100 != 2:
		words = append(words, fmt.Sprintf("Prodege answered with HTTP %d%s", e.HTTPStatus, e.told()))
	default:
		words = append(words, "Prodege refused without giving a code"+e.told())
	}
	return strings.Join(words, "; ")
}

func (e *APIError) word(code int) string {
	if w, known := codeWords[code]; known {
		return w
	}
	if code/1000 == 2 || code/1000 == 3 {
		return "Prodege considers what we sent invalid" + e.told()
	}
	return fmt.Sprintf("Prodege refused with the unknown code %d%s", code, e.told())
}

// told is what the other side wrote, to be appended.
func (e *APIError) told() string {
	if len(e.Messages) == 0 {
		return ""
	}
	return ": " + strings.Join(e.Messages, "; ")
}

// Retryable reports whether the same call may succeed later. One final code makes a refusal final; a call that was
// cut short on our side is retryable.
func (e *APIError) Retryable() bool {
	if len(e.Codes) > 0 {
		return !slices.ContainsFunc(e.Codes, func(c int) bool {
			return c != codeMaintenance && c != codeExpired && c != CodeRateLimit
		})
	}
	switch {
	case e.HTTPStatus == http.StatusTooManyRequests, e.HTTPStatus == http.StatusRequestTimeout:
		return true
	}
	return e.HTTPStatus == 0 || e.HTTPStatus >= 500 || e.notJSON || e.odd
}

// Unauthorized reports whether Prodege rejected our key or signature.
func (e *APIError) Unauthorized() bool {
	return e.Has(CodeUnauthorized) || len(e.Codes) == 0 && !e.notJSON && (e.HTTPStatus == http.StatusUnauthorized || e.HTTPStatus == http.StatusForbidden)
}

// Has reports whether Prodege gave the code.
func (e *APIError) Has(code int) bool { return slices.Contains(e.Codes, code) }

package prodege

import (
	"encoding/json"
	"math"
	"strings"
	"time"
)

// answer is the answer to a call that Prodege did not refuse.
type answer struct {
	status    int
	date      time.Time // the Date header; zero if absent
	body      rawObject
	succeeded bool // return_status was present and said so
}

// judge reads return_status. Not every call has one, so the caller decides what its absence means.
func (a *answer) judge(name string) *APIError {
	raw := a.body["return_status"]
	status, _ := object(unwrapped(raw))
	codes := append(numbers(status["error_codes"]), numbers(a.body["error_codes"])...)
	if SaysNothing(asText(raw)) && len(codes) == 0 && a.status/100 == 2 {
		return nil
	}
	id, _ := wholeNumber(asText(status["status_id"]))
	if done := id == 1; done && len(codes) == 0 && a.status/100 == 2 {
		a.succeeded = true
		return nil
	}
	return &APIError{Call: name, HTTPStatus: a.status, Codes: codes, Messages: messages(status["message"])}
}

// fault returns the error for an answer that looks like a success but lacks what it must have.
func (a *answer) fault(call, what string) *APIError {
	return &APIError{Call: call, HTTPStatus: a.status, Messages: []string{what}, odd: true}
}

// numbers reads error codes: an array, a number, or a string of either. 0 means no error.
func numbers(raw json.RawMessage) []int {
	var codes []int
	for _, text := range texts(raw) {
		for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ';' || invisible(r) }) {
			if n, ok := wholeNumber(part); ok && n > 0 && n <= math.MaxInt32 && len(codes) < maxTold {
				codes = append(codes, int(n))
			}
		}
	}
	return codes
}

// messages reads the first few messages that Prodege wrote.
func messages(raw json.RawMessage) []string {
	var all []string
	for _, text := range texts(raw) {
		if text, _ = fit(trim(text), maxMessage); !SaysNothing(text) && len(all) < maxTold {
			all = append(all, text)
		}
	}
	return all
}

const (
	maxTold    = 5   // messages or codes kept per answer
	maxMessage = 300 // bytes per message
)

// texts returns the elements of an array, or a single value, as texts.
func texts(raw json.RawMessage) []string {
	var items []json.RawMessage
	if u := unwrapped(raw); kind(u) == '[' && json.Unmarshal(u, &items) == nil {
		all := make([]string, 0, len(items))
		for _, item := range items {
			all = append(all, asText(item))
		}
		return all
	}
	if text := asText(raw); text != "" {
		return []string{text}
	}
	return nil
}

package activities

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
)

// Error types of activities, as they stand in the Temporal UI. Search the runbook for them.
const (
	TypeSlackMend      = "SlackNeedsMending" // people must mend it: token, channel, membership; never retried by the activity
	TypeSlackPassing   = "SlackPassing"      // retried
	TypeProdegeRefused = "ProdegeRefused"    // a code that can't be retried; details hold a Refusal
	TypeProdegePassing = "ProdegePassing"    // retried; details hold a Refusal
	TypeBillingRefused = "BillingRefused"    // 4xx but 408, 409, 425, 429; details hold a Refusal
	TypeBillingPassing = "BillingPassing"    // retried; details hold a Refusal
)

const (
	partyProdege = "Prodege"
	partyBilling = "billing"

	// slower is the pause after Prodege's "rate limit reached" (103); Prodege publishes no figure.
	slower = 5 * time.Second
	// longestWait bounds what a Retry-After may ask for.
	longestWait = time.Hour
	// longestText bounds a text of a fault that comes from outside, bytes.
	longestText = 500
)

// Codes of Prodege's that decide something here beside whether a call may be repeated.
const (
	prodegeUnauthorized = 101
	prodegeRate         = 103
)

// RefusalOf gives what a counterparty's fault means in words, for an error as workflow code gets it: of a
// refusal that is final, and of a passing fault after which the tries ended. It is deterministic.
func RefusalOf(err error) (cards.Refusal, bool) {
	var app *temporal.ApplicationError
	if !errors.As(err, &app) {
		return cards.Refusal{}, false
	}
	r := cards.Refusal{Party: partyProdege, Text: app.Message()}
	switch app.Type() {
	case TypeProdegeRefused, TypeProdegePassing:
	case TypeBillingRefused, TypeBillingPassing:
		r.Party = partyBilling
	default:
		return cards.Refusal{}, false
	}
	var told cards.Refusal
	if app.Details(&told) == nil && told.Text != "" {
		r = told
	}
	return r, true
}

// MendOf gives the sentence that says what people must mend in Slack, for an error as workflow code gets it.
// It is deterministic.
func MendOf(err error) (string, bool) {
	var app *temporal.ApplicationError
	if errors.As(err, &app) && app.Type() == TypeSlackMend {
		return app.Message(), true
	}
	return "", false
}

// slackError is what an activity returns for a fault of Slack's.
func slackError(what string, f slackFault) error {
	if f.kind == slackPassing || f.kind == slackLimited {
		return temporal.NewApplicationErrorWithOptions(what+": "+f.words, TypeSlackPassing, temporal.ApplicationErrorOptions{NextRetryDelay: f.wait})
	}
	return temporal.NewNonRetryableApplicationError(what+": "+f.words, TypeSlackMend, nil)
}

// prodegeError is what an activity returns for a call to Prodege that failed.
func prodegeError(what string, err error) error {
	var api *prodege.APIError
	switch {
	case errors.Is(err, errBusy), errors.Is(err, errNoStatus):
		return passing(TypeProdegePassing, fmt.Sprintf("%s: %v", what, err), cards.Refusal{Party: partyProdege, Text: err.Error()}, 0)
	case !errors.As(err, &api): // our own client refused it, and nothing was sent
		text := short(err.Error())
		return refused(TypeProdegeRefused, what+": "+text, cards.Refusal{Party: partyProdege, Text: text})
	}
	r := cards.Refusal{Party: partyProdege, Codes: api.Codes, Text: short(api.Words())}
	message := what + ": " + short(api.Error())
	if !api.Retryable() {
		return refused(TypeProdegeRefused, message, r)
	}
	wait := time.Duration(0)
	if slices.Contains(api.Codes, prodegeRate) {
		wait = slower
	}
	return passing(TypeProdegePassing, message, r, wait)
}

// billingStatus is what an activity returns for an HTTP status of billing's; nil for a success. 4xx is final,
// but for the four that ask for another try; all else is retried, redirects too, which are not followed.
func billingStatus(what string, status int, retryAfter time.Duration) error {
	again := []int{http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests}
	r := cards.Refusal{Party: partyBilling, Codes: []int{status}}
	switch {
	case status/100 == 2:
		return nil
	case status/100 == 4 && !slices.Contains(again, status):
		r.Text = billingWords(status)
		return refused(TypeBillingRefused, what+": "+r.Text, r)
	case status/100 == 3:
		r.Text = fmt.Sprintf("billing sends us elsewhere (HTTP %d), which is not followed; check BILLING_URL", status)
	default:
		r.Text = fmt.Sprintf("billing can't take it now (HTTP %d)", status)
	}
	if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		retryAfter = 0
	}
	return passing(TypeBillingPassing, what+": "+r.Text, r, retryAfter)
}

// billingUnreached is what an activity returns where billing gave no answer. It may have taken the invoice.
func billingUnreached(what string, err error) error {
	r := cards.Refusal{Party: partyBilling, Text: "billing gave no answer: " + short(withoutAddress(err))}
	return passing(TypeBillingPassing, what+": "+r.Text, r, 0)
}

func billingWords(status int) string {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Sprintf("billing does not accept our signature (HTTP %d); check BILLING_SIGNING_SECRET", status)
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone:
		return fmt.Sprintf("nothing takes invoices at BILLING_URL (HTTP %d)", status)
	}
	return fmt.Sprintf("billing refuses the invoice (HTTP %d)", status)
}

func refused(kind, message string, r cards.Refusal) error {
	return temporal.NewNonRetryableApplicationError(message, kind, nil, r)
}

func passing(kind, message string, r cards.Refusal, wait time.Duration) error {
	return temporal.NewApplicationErrorWithOptions(message, kind, temporal.ApplicationErrorOptions{Details: []any{r}, NextRetryDelay: min(wait, longestWait)})
}

func isFinal(err error) bool {
	var app *temporal.ApplicationError
	return errors.As(err, &app) && app.NonRetryable()
}

// short bounds a text from outside before it enters a workflow's history.
func short(text string) string {
	if len(text) <= longestText {
		return text
	}
	return strings.ToValidUTF8(text[:longestText], "") + "…"
}

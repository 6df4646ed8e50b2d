package activities

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// Error types, as the Temporal UI shows them. The runbook has a section for each.
const (
	TypeSlackOperatorAction = "SlackOperatorAction" // people must fix something: a token, a channel, a membership
	TypeSlackThreadGone     = "SlackThreadGone"     // a reply's root message was deleted
	TypeSlackTransient      = "SlackTransient"      // worth another attempt
	TypeProdegeRefused      = "ProdegeRefused"      // a code for which another attempt would not help
	TypeProdegeTransient    = "ProdegeTransient"    // worth another attempt
	TypeBillingRefused      = "BillingRefused"      // a final 4xx, or a 2xx whose body says no
	TypeBillingTransient    = "BillingTransient"    // worth another attempt
	TypeNotSent             = "NotSent"             // Fieldmarshal itself refuses to send it
	TypeTemporalTransient   = "TemporalTransient"   // Temporal failed; worth another attempt
)

const (
	partyProdege = "Prodege"
	partyBilling = "billing"

	// rateLimitWait is the delay after Prodege's "rate limit reached" (103); Prodege publishes no figure.
	rateLimitWait = 5 * time.Second
	// longestWait is the longest Retry-After that is honored.
	longestWait = time.Hour
	// longestText is the maximum length of an error's text from outside, in bytes.
	longestText = 500
)

// FailureOf returns how an attempt failed, given the error that workflow code gets. It is deterministic. If the attempt did
// not report that itself, it may have had its effect, unless no worker ever took it.
func FailureOf(err error) project.Failure {
	var (
		timeout  *temporal.TimeoutError
		app      *temporal.ApplicationError
		canceled *temporal.CanceledError
	)
	unknown := func(text string) project.Failure {
		return project.Failure{Kind: project.FailedTransient, Text: text, Maybe: true}
	}
	switch {
	case err == nil:
		return project.Failure{}
	case errors.As(err, &timeout) && timeout.TimeoutType() == enums.TIMEOUT_TYPE_SCHEDULE_TO_START:
		return project.Failure{Kind: project.FailedNotStarted, Text: "no worker started it in time: check that workers run and serve its task queue"}
	case timeout != nil:
		return unknown("it took too long, or its worker died, so it may have been done: check that workers run and are not overloaded")
	case errors.As(err, &app):
		var f project.Failure
		if app.HasDetails() && app.Details(&f) == nil && f.Kind != "" {
			return f
		}
		return unknown("it failed in an unexpected way, so it may have been done; the worker's log has more: " + short(app.Message()))
	case errors.As(err, &canceled):
		return unknown("it was cancelled while it ran, so it may have been done")
	}
	return unknown("it failed in an unexpected way, so it may have been done; the worker's log has more: " + short(err.Error()))
}

// failure is a project.Failure with the type that the Temporal UI shows.
type failure struct {
	project.Failure
	errType string
}

// err returns the error that an activity ends with.
func (f *failure) err() error {
	return temporal.NewApplicationErrorWithOptions(f.Text, f.errType, temporal.ApplicationErrorOptions{
		NonRetryable: f.final(), Details: []any{f.Failure},
	})
}

// final reports whether people have to decide about another attempt.
func (f *failure) final() bool { return f.Kind != project.FailedTransient }

// outcome is the failure's name in metrics.
func (f *failure) outcome() string {
	switch {
	case f.Kind == project.FailedThreadGone:
		return "gone"
	case f.Kind == project.FailedOperator:
		return "operator_action"
	case f.Kind == project.FailedRefused:
		return "refused"
	case f.RetryAfter > 0:
		return "limited"
	}
	return "transient"
}

// transient is a failure that another attempt may not have. refusal is nil if no counterparty said anything.
func transient(errType, operation, text string, refusal *project.Refusal) *failure {
	return &failure{project.Failure{Kind: project.FailedTransient, Text: operation + ": " + text, Refusal: refusal}, errType}
}

// refused is a counterparty's final refusal.
func refused(errType, operation, text string, refusal project.Refusal) *failure {
	return &failure{project.Failure{Kind: project.FailedRefused, Text: operation + ": " + text, Refusal: &refusal}, errType}
}

// notSent is a refusal of our own: nothing was sent.
func notSent(operation, text string) *failure {
	return refused(TypeNotSent, operation, text, project.Refusal{Party: project.PartyUs, Text: text})
}

// slackFailure says how an operation failed at Slack.
func slackFailure(operation string, f slackFault) *failure {
	out := transient(TypeSlackTransient, operation, f.words, nil)
	out.Maybe, out.RetryAfter = f.maybe, f.wait
	switch f.kind {
	case slackTransient, slackLimited:
	case slackThreadGone:
		out.Kind, out.errType = project.FailedThreadGone, TypeSlackThreadGone
	default:
		out.Kind, out.errType = project.FailedOperator, TypeSlackOperatorAction
	}
	return out
}

// Transient failures of our own.
var (
	errBusy     = errors.New("too many calls to Prodege wait already")
	errLate     = errors.New("no answer from Prodege in time")
	errNoStatus = errors.New("the answer of Prodege does not contain the project's status")
	errStopped  = errors.New("the attempt was stopped before anything was sent")
)

// prodegeFailure says how a call to Prodege failed. The caller adds whether Prodege may have received it.
func prodegeFailure(operation string, err error) *failure {
	var api *prodege.APIError
	switch {
	case errors.Is(err, errBusy), errors.Is(err, errStopped):
		return transient(TypeProdegeTransient, operation, err.Error(), &project.Refusal{Party: project.PartyUs, Text: err.Error()})
	case errors.Is(err, errLate), errors.Is(err, errNoStatus):
		return transient(TypeProdegeTransient, operation, err.Error(), &project.Refusal{Party: partyProdege, Text: err.Error()})
	case !errors.As(err, &api): // our own client refused the call
		return notSent(operation, short(err.Error()))
	}
	r := project.Refusal{Party: partyProdege, Codes: api.Codes, Text: short(api.Words())}
	if !api.Retryable() {
		return refused(TypeProdegeRefused, operation, short(api.Error()), r)
	}
	out := transient(TypeProdegeTransient, operation, short(api.Error()), &r)
	if api.Has(prodege.CodeRateLimit) {
		out.RetryAfter = rateLimitWait
	}
	return out
}

// billingStatus says how billing refused with an HTTP status; nil if it did not. Three of the 4xx ask for another attempt;
// 409 is not a failure, because its meaning depends on earlier attempts.
func billingStatus(operation string, status int, retryAfter time.Duration) *failure {
	again := []int{http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests}
	r := project.Refusal{Party: partyBilling, Codes: []int{status}}
	switch {
	case status/100 == 2, status == http.StatusConflict:
		return nil
	case status/100 == 4 && !slices.Contains(again, status):
		return billingRefused(operation, status, billingWords(status))
	case status/100 == 3:
		r.Text = fmt.Sprintf("billing redirects to another address (HTTP %d), which is not followed; check the address (BILLING_URL)", status)
	default:
		r.Text = fmt.Sprintf("billing can't take it now (HTTP %d)", status)
	}
	f := transient(TypeBillingTransient, operation, r.Text, &r)
	f.RetryAfter, f.Maybe = retryAfter, status >= 500
	return f
}

// billingRefused is a final refusal by its status or its body.
func billingRefused(operation string, status int, text string) *failure {
	return refused(TypeBillingRefused, operation, text, project.Refusal{Party: partyBilling, Codes: []int{status}, Text: text})
}

// billingUnreached is a missing answer from billing, which may have taken the invoice.
func billingUnreached(operation string, err error) *failure {
	text := "billing gave no answer: " + short(prodege.WithoutAddress(err).Error())
	f := transient(TypeBillingTransient, operation, text, &project.Refusal{Party: partyBilling, Text: text})
	f.Maybe = true
	return f
}

func billingWords(status int) string {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Sprintf("billing does not accept our signature (HTTP %d); check BILLING_SIGNING_SECRET", status)
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone:
		return fmt.Sprintf("nothing accepts invoices at the billing address (BILLING_URL, HTTP %d)", status)
	}
	return fmt.Sprintf("billing refuses the invoice (HTTP %d)", status)
}

// short limits a text from outside before it goes into a workflow's history.
func short(text string) string {
	if len(text) <= longestText {
		return text
	}
	return strings.ToValidUTF8(text[:longestText], "") + "…"
}

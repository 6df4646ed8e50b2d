package activities

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"fieldmarshal/project"
)

// Every known code has words, and its failure matches its kind.
func TestSlackCodes(t *testing.T) {
	for code, rule := range slackCodes {
		f := classifySlack(slack.SlackErrorResponse{Err: code})
		if f.words != rule.words+" ("+code+")" || rule.words == "" {
			t.Errorf("%s: %q", code, f.words)
		}
		kind := map[slackKind]project.FailureKind{slackTransient: project.FailedTransient, slackLimited: project.FailedTransient, slackOperator: project.FailedOperator,
			slackGone: project.FailedOperator, slackThreadGone: project.FailedThreadGone}[rule.kind]
		got := failureOf(t, slackFailure("post", f).err())
		want(t, code+": kind", got.Kind, kind)
		want(t, code+": maybe", got.Maybe, rule.maybe)
	}
}

func TestClassifySlack(t *testing.T) {
	for _, c := range []struct {
		err   error
		kind  slackKind
		maybe bool
		wait  time.Duration
		says  string
	}{
		{nil, slackOK, false, 0, ""},
		{&slack.RateLimitedError{RetryAfter: 3 * time.Second}, slackLimited, false, 3 * time.Second, "3s"},
		{&slack.RateLimitedError{}, slackLimited, false, time.Second, "1s"},
		{&slack.RateLimitedError{RetryAfter: 1000 * time.Hour}, slackLimited, false, time.Hour, "1h"},
		{slack.SlackErrorResponse{Err: "ratelimited"}, slackLimited, false, limitedWait, "limit"},
		{slack.StatusCodeError{Code: 429}, slackLimited, false, limitedWait, "429"},
		{slack.StatusCodeError{Code: 500}, slackTransient, true, 0, "500"},
		{slack.StatusCodeError{Code: 408}, slackTransient, true, 0, "408"},
		{slack.StatusCodeError{Code: 403}, slackOperator, false, 0, "proxy"},
		{slack.SlackErrorResponse{Err: "fatal_error"}, slackTransient, true, 0, "fatal_error"},
		{slack.SlackErrorResponse{Err: "missing_scope", Needed: "chat:write"}, slackOperator, false, 0, "chat:write"},
		{slack.SlackErrorResponse{Err: "brand_new_code"}, slackLayout, false, 0, "brand_new_code"},
		{slack.SlackErrorResponse{Err: "invalid_blocks", ResponseMetadata: slack.ResponseMetadata{Messages: []string{"[ERROR] too long"}}}, slackLayout, false, 0, "too long (invalid_blocks)"},
		{errors.New("unexpected EOF"), slackTransient, true, 0, "EOF"},
	} {
		f := classifySlack(c.err)
		if f.kind != c.kind || f.maybe != c.maybe || f.wait != c.wait || !strings.Contains(f.words, c.says) {
			t.Errorf("%v: %+v", c.err, f)
		}
	}
}

// Nobody listens on the address: nothing can have been posted, so nothing is searched for.
func TestClassifySlackNobodyThere(t *testing.T) {
	_, err := NewSlackAPI(botToken, "http://127.0.0.1:1/api/", nil).AuthTestContext(t.Context())
	f := classifySlack(err)
	want(t, "kind", f.kind, slackTransient)
	want(t, "maybe", f.maybe, false)
}

// What the driver learns about an attempt from any error.
func TestFailureOf(t *testing.T) {
	ours := project.Failure{Kind: project.FailedTransient, Text: "accept: later", Refusal: &project.Refusal{Party: "Prodege", Codes: []int{103}, Text: "later"},
		RetryAfter: 5 * time.Second, Maybe: true, Amount: usd("4.25")}
	timeout := func(kind enums.TimeoutType) error { return temporal.NewTimeoutError(kind, nil) }
	for name, c := range map[string]struct {
		err    error
		wanted project.Failure
	}{
		"nothing":                {nil, project.Failure{}},
		"ours":                   {(&failure{ours, TypeProdegeTransient}).err(), ours},
		"ours, final":            {notSent("accept", "no price").err(), project.Failure{Kind: project.FailedRefused, Text: "accept: no price", Refusal: &project.Refusal{Party: project.PartyUs, Text: "no price"}}},
		"another error":          {errors.New("x"), project.Failure{Kind: project.FailedTransient, Maybe: true}},
		"another type":           {temporal.NewApplicationError("x", "Other"), project.Failure{Kind: project.FailedTransient, Maybe: true}},
		"other details":          {temporal.NewApplicationError("x", TypeProdegeRefused, 7), project.Failure{Kind: project.FailedTransient, Maybe: true}},
		"details of another":     {temporal.NewNonRetryableApplicationError("x", "Other", nil, project.Refusal{Text: "x"}), project.Failure{Kind: project.FailedTransient, Maybe: true}},
		"never started":          {timeout(enums.TIMEOUT_TYPE_SCHEDULE_TO_START), project.Failure{Kind: project.FailedNotStarted}},
		"lost, or too slow":      {timeout(enums.TIMEOUT_TYPE_START_TO_CLOSE), project.Failure{Kind: project.FailedTransient, Maybe: true}},
		"lost heartbeat":         {timeout(enums.TIMEOUT_TYPE_HEARTBEAT), project.Failure{Kind: project.FailedTransient, Maybe: true}},
		"too late in all":        {timeout(enums.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE), project.Failure{Kind: project.FailedTransient, Maybe: true}},
		"timed out after a try":  {temporal.NewTimeoutError(enums.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, notSent("accept", "no").err()), project.Failure{Kind: project.FailedTransient, Maybe: true}},
		"cancelled":              {temporal.NewCanceledError(), project.Failure{Kind: project.FailedTransient, Maybe: true}},
		"cancelled with details": {temporal.NewCanceledError("why"), project.Failure{Kind: project.FailedTransient, Maybe: true}},
	} {
		if c.err != nil { // over the wire, as workflow code gets it
			converter := temporal.GetDefaultFailureConverter()
			c.err = converter.FailureToError(converter.ErrorToFailure(c.err))
		}
		got := FailureOf(c.err)
		if c.wanted.Text == "" && c.err != nil {
			want(t, name+": says something", got.Text != "", true)
			got.Text = ""
		}
		if !reflect.DeepEqual(got, c.wanted) {
			t.Errorf("%s: got %+v, want %+v", name, got, c.wanted)
		}
		if !reflect.DeepEqual(FailureOf(c.err), FailureOf(c.err)) {
			t.Errorf("%s: not the same again", name)
		}
	}
}

// An activity that panics, or that no worker knows, does not say what it did.
func TestFailureOfAPanic(t *testing.T) {
	_, err := once[struct{}](t, func(context.Context, project.Read) error { panic("oh") }, project.Read{})
	f := FailureOf(err)
	want(t, "kind", f.Kind, project.FailedTransient)
	want(t, "maybe", f.Maybe, true)
	contains(t, "text", f.Text, "worker's log", "oh")
}

func TestShort(t *testing.T) {
	long := strings.Repeat("ü", longestText)
	got := short(long)
	if len(got) > longestText+len("…") || !strings.HasSuffix(got, "…") || strings.ToValidUTF8(got, "") != got {
		t.Errorf("%d bytes: %q", len(got), got)
	}
	want(t, "a short one", short("short"), "short")
}

// The four structs register whole, as the worker registers them: an exported helper on one would panic there.
func TestRegister(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.SetTestTimeout(30 * time.Second)
	_, s := workspace(t)
	_, opts := supplier(t, nil)
	for _, a := range []any{s, NewProdege(opts), &Billing{}, NewFlows(nil)} {
		env.RegisterActivity(a)
	}
	if _, err := env.ExecuteActivity("ReadProject", project.Read{Project: projectID}); err != nil {
		t.Error(err)
	}
}

package activities

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"fieldmarshal/cards"
)

// Every code that is known says what it is, and what follows from it is what the kinds promise.
func TestSlackCodes(t *testing.T) {
	for code, rule := range slackCodes {
		f := judgeSlack(slack.SlackErrorResponse{Err: code})
		if f.words != rule.words+" ("+code+")" || rule.words == "" {
			t.Errorf("%s: %q", code, f.words)
		}
		err := slackError("post", f)
		_, mend := MendOf(err)
		passes := rule.kind == slackPassing || rule.kind == slackLimited
		want(t, code+": for people", mend, !passes)
		want(t, code+": final", isFinal(err), !passes)
	}
}

func TestJudgeSlack(t *testing.T) {
	for _, c := range []struct {
		err   error
		kind  slackKind
		maybe bool
		wait  time.Duration
		says  string
	}{
		{nil, slackFine, false, 0, ""},
		{&slack.RateLimitedError{RetryAfter: 3 * time.Second}, slackLimited, false, 3 * time.Second, "3s"},
		{&slack.RateLimitedError{}, slackLimited, false, time.Second, "1s"},
		{&slack.RateLimitedError{RetryAfter: 1000 * time.Hour}, slackLimited, false, time.Hour, "1h"},
		{slack.SlackErrorResponse{Err: "ratelimited"}, slackLimited, false, limitedWait, "limit"},
		{slack.StatusCodeError{Code: 429}, slackLimited, false, limitedWait, "429"},
		{slack.StatusCodeError{Code: 500}, slackPassing, true, 0, "500"},
		{slack.StatusCodeError{Code: 408}, slackPassing, true, 0, "408"},
		{slack.StatusCodeError{Code: 403}, slackMend, false, 0, "proxy"},
		{slack.SlackErrorResponse{Err: "fatal_error"}, slackPassing, true, 0, "fatal_error"},
		{slack.SlackErrorResponse{Err: "missing_scope", Needed: "chat:write"}, slackMend, false, 0, "chat:write"},
		{slack.SlackErrorResponse{Err: "brand_new_code"}, slackOurs, false, 0, "brand_new_code"},
		{slack.SlackErrorResponse{Err: "invalid_blocks", ResponseMetadata: slack.ResponseMetadata{Messages: []string{"[ERROR] too long"}}}, slackOurs, false, 0, "too long (invalid_blocks)"},
		{errors.New("unexpected EOF"), slackPassing, true, 0, "EOF"},
	} {
		f := judgeSlack(c.err)
		if f.kind != c.kind || f.maybe != c.maybe || f.wait != c.wait || !strings.Contains(f.words, c.says) {
			t.Errorf("%v: %+v", c.err, f)
		}
	}
}

// An address where nobody listens: nothing can have been said, so nothing is looked for.
func TestJudgeSlackNobodyThere(t *testing.T) {
	_, err := NewSlackAPI(botToken, "http://127.0.0.1:1/api/", nil).AuthTestContext(t.Context())
	f := judgeSlack(err)
	want(t, "kind", f.kind, slackPassing)
	want(t, "maybe", f.maybe, false)
}

func TestRefusalOfAndMendOf(t *testing.T) {
	refusal := cards.Refusal{Party: "billing", Codes: []int{422}, Text: "no"}
	for name, c := range map[string]struct {
		err     error
		refusal string
		mend    string
	}{
		"nothing":              {nil, "", ""},
		"another error":        {errors.New("x"), "", ""},
		"another type":         {temporal.NewApplicationError("x", "Other", refusal), "", ""},
		"with details":         {temporal.NewNonRetryableApplicationError("x", TypeBillingRefused, nil, refusal), "billing [422] no", ""},
		"passing":              {temporal.NewApplicationError("x", TypeProdegePassing, cards.Refusal{Party: "Prodege", Text: "away"}), "Prodege [] away", ""},
		"without details":      {temporal.NewApplicationError("x", TypeBillingPassing), "billing [] x", ""},
		"with other details":   {temporal.NewApplicationError("x", TypeProdegeRefused, 7), "Prodege [] x", ""},
		"to mend":              {temporal.NewNonRetryableApplicationError("invite it", TypeSlackMend, nil), "", "invite it"},
		"Slack, but it passes": {temporal.NewApplicationError("later", TypeSlackPassing), "", ""},
	} {
		if c.err != nil { // over the wire, as workflow code gets it
			converter := temporal.GetDefaultFailureConverter()
			c.err = converter.FailureToError(converter.ErrorToFailure(c.err))
		}
		got := ""
		if r, known := RefusalOf(c.err); known {
			got = fmt.Sprint(r.Party, " ", r.Codes, " ", r.Text)
		}
		want(t, name+": refusal", got, c.refusal)
		mend, _ := MendOf(c.err)
		want(t, name+": mend", mend, c.mend)
	}
}

func TestShort(t *testing.T) {
	long := strings.Repeat("ü", longestText)
	got := short(long)
	if len(got) > longestText+len("…") || !strings.HasSuffix(got, "…") || strings.ToValidUTF8(got, "") != got {
		t.Errorf("%d bytes: %q", len(got), got)
	}
	want(t, "a short one", short("short"), "short")
	if got := plainText(strings.Repeat("ü", 4000)); len(got) > 4000 || strings.ToValidUTF8(got, "") != got {
		t.Errorf("a message of %d bytes", len(got))
	}
}

// The three structs register whole, as the worker registers them: an exported helper on one would panic there.
func TestRegister(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.SetTestTimeout(30 * time.Second)
	_, s := workspace(t)
	_, opts := supplier(t, nil)
	for _, a := range []any{s, NewProdege(opts), &Billing{}} {
		env.RegisterActivity(a)
	}
	if _, err := env.ExecuteActivity("ReadProject", ReadProject{Project: project}); err != nil {
		t.Error(err)
	}
}

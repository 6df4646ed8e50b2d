package activities

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"fieldmarshal/prodege"
)

// slackKind says what follows from a call to Slack.
type slackKind int

const (
	slackOK         slackKind = iota
	slackTransient            // tried again
	slackLimited              // tried again after the pause that Slack asks for
	slackOperator             // people must fix something
	slackGone                 // the message does not exist or can't be edited any more
	slackThreadGone           // the thread's root does not exist any more
	slackLayout               // the message is invalid: sent again as plain text
)

// slackFault classifies the result of a call to Slack.
type slackFault struct {
	kind  slackKind
	maybe bool // Slack may have done it nevertheless
	wait  time.Duration
	words string
}

// slackCodes classifies Slack's error codes and says what people should do. The codes are from the methods' pages on
// docs.slack.dev. An unknown code means that what we sent is invalid.
var slackCodes = map[string]struct {
	kind  slackKind
	maybe bool
	words string
}{
	"invalid_auth":              {slackOperator, false, "Slack does not accept SLACK_BOT_TOKEN: take the bot token from the app's page and restart the worker"},
	"not_authed":                {slackOperator, false, "Slack saw no token: set SLACK_BOT_TOKEN and restart the worker"},
	"account_inactive":          {slackOperator, false, "the Slack app was removed or its account is deactivated: install it again and set the new SLACK_BOT_TOKEN"},
	"token_revoked":             {slackOperator, false, "SLACK_BOT_TOKEN was revoked: install the app again and set the new token"},
	"token_expired":             {slackOperator, false, "SLACK_BOT_TOKEN has expired: set a new one; the app must not use token rotation"},
	"not_allowed_token_type":    {slackOperator, false, "SLACK_BOT_TOKEN is not a bot token: set the one that begins with xoxb-"},
	"missing_scope":             {slackOperator, false, "the Slack app lacks a scope: add those of slack-manifest.yaml and install it again"},
	"no_permission":             {slackOperator, false, "the Slack app lacks a permission: add the scopes of slack-manifest.yaml and install it again"},
	"access_denied":             {slackOperator, false, "Slack denies the app access: ask a workspace administrator to allow it"},
	"team_access_not_granted":   {slackOperator, false, "the Slack app was not given access to this workspace: ask an administrator to grant it"},
	"enterprise_is_restricted":  {slackOperator, false, "the Slack organization restricts this method: ask its administrator"},
	"org_login_required":        {slackOperator, false, "the workspace is being moved to an organization: ask a Slack administrator when that is done"},
	"ekm_access_denied":         {slackOperator, false, "Slack's key management suspends posting: ask a Slack administrator"},
	"two_factor_setup_required": {slackOperator, false, "the app's owner must set up two-factor login in Slack"},
	"not_in_channel":            {slackOperator, false, "the app is not in the channel: invite it there"},
	"channel_not_found":         {slackOperator, false, "Slack does not know the channel, or the app can't see it: set the channel's id (C…) and invite the app"},
	"is_archived":               {slackOperator, false, "the channel is archived: unarchive it, or configure another"},
	"restricted_action":         {slackOperator, false, "the workspace does not let the app post in the channel: ask an administrator, or configure another"},
	"messages_tab_disabled":     {slackOperator, false, "the app's messages tab is switched off: switch it on in the app's settings"},
	"team_not_found":            {slackOperator, false, "Slack does not know the workspace of this token: install the app again"},
	"user_not_in_channel":       {slackOperator, false, "the person is not in the channel"},
	"user_not_found":            {slackOperator, false, "Slack does not know the person"},
	"unknown_method":            {slackOperator, false, "what answers at SLACK_API_URL does not know Slack's methods"},
	"deprecated_endpoint":       {slackOperator, false, "Slack has withdrawn the method: a newer version of Fieldmarshal is needed"},
	"method_deprecated":         {slackOperator, false, "Slack has withdrawn the method: a newer version of Fieldmarshal is needed"},

	"ratelimited":            {slackLimited, false, "Slack's rate limit has been reached"},
	"rate_limited":           {slackLimited, false, "Slack's rate limit has been reached"},
	"message_limit_exceeded": {slackLimited, false, "the workspace has sent too many messages"},
	"accesslimited":          {slackTransient, false, "Slack is limiting access at the moment"},
	"team_added_to_org":      {slackTransient, false, "the workspace is being moved to an organization"},
	"service_unavailable":    {slackTransient, true, "Slack is out of order"},
	"internal_error":         {slackTransient, true, "Slack had an internal error"},
	"fatal_error":            {slackTransient, true, "Slack had an internal error"}, // "some aspect of the operation may have succeeded"
	"request_timeout":        {slackTransient, true, "Slack did not receive the whole call"},

	"message_not_found":       {slackGone, false, "the message does not exist any more"},
	"cant_update_message":     {slackGone, false, "the message was written by another app"},
	"edit_window_closed":      {slackGone, false, "the message is too old to be edited here"},
	"thread_not_found":        {slackThreadGone, false, "the thread does not exist any more"},
	"cannot_reply_to_message": {slackThreadGone, false, "the message takes no replies"},
}

// limitedWait is the delay if Slack gives none; its limits are per minute.
const limitedWait = 10 * time.Second

// SlackWords describes an error of slack-go and what people should do about it, without secrets.
func SlackWords(err error) string { return classifySlack(err).words }

// classifySlack classifies an error of slack-go.
func classifySlack(err error) slackFault {
	var (
		refusal slack.SlackErrorResponse
		limited *slack.RateLimitedError
		status  slack.StatusCodeError
	)
	switch {
	case err == nil:
		return slackFault{}
	case errors.As(err, &limited):
		wait := min(max(limited.RetryAfter, time.Second), longestWait)
		return slackFault{kind: slackLimited, wait: wait, words: fmt.Sprintf("Slack's rate limit has been reached, and it asks for a delay of %s", wait)}
	case errors.As(err, &refusal):
		return classifyCode(refusal)
	case errors.As(err, &status):
		return classifyStatus(status.Code)
	}
	return slackFault{kind: slackTransient, maybe: !neverConnected(err), words: "Slack gave no answer: " + short(prodege.WithoutAddress(err).Error())}
}

func classifyCode(r slack.SlackErrorResponse) slackFault {
	code := short(r.Err)
	known, ok := slackCodes[code]
	switch {
	case strings.HasPrefix(code, "restricted_action"):
		known = slackCodes["restricted_action"]
	case !ok:
		known.kind, known.words = slackLayout, "Slack does not accept the message"+strings.TrimRight(": "+short(strings.Join(r.ResponseMetadata.Messages, "; ")), ": ")
	case code == "missing_scope" && r.Needed != "":
		known.words = "the Slack app lacks the scope " + short(r.Needed) + ": add it in the app's settings and install it again"
	}
	f := slackFault{kind: known.kind, maybe: known.maybe, words: known.words + " (" + code + ")"}
	if f.kind == slackLimited {
		f.wait = limitedWait
	}
	return f
}

// classifyStatus classifies an answer that is not Slack's JSON: from a load balancer, a proxy, or a wrong address.
func classifyStatus(status int) slackFault {
	switch {
	case status == http.StatusTooManyRequests:
		return slackFault{kind: slackLimited, wait: limitedWait, words: "Slack's rate limit has been reached (HTTP 429)"}
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooEarly, status/100 == 2:
		return slackFault{kind: slackTransient, maybe: true, words: fmt.Sprintf("Slack is out of order (HTTP %d)", status)}
	}
	return slackFault{kind: slackOperator, words: fmt.Sprintf("what answers at SLACK_API_URL is not Slack's API (HTTP %d): check the address, and a proxy on the way", status)}
}

// neverConnected reports whether a call failed before anything can have been sent.
func neverConnected(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

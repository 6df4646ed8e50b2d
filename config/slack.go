package config

import (
	"regexp"
	"strings"
)

// anyone is the value that replaces a list of approvers.
const anyone = "anyone"

func (r *reader) slack() Slack {
	r.botToken("SLACK_BOT_TOKEN")
	r.signingSecret("SLACK_SIGNING_SECRET")
	s := Slack{
		BotToken:         Secret(r.text("SLACK_BOT_TOKEN")),
		SigningSecrets:   r.secrets("SLACK_SIGNING_SECRET"),
		APIURL:           r.url("SLACK_API_URL", "/"),
		AlertsChannel:    r.channel("SLACK_ALERTS_CHANNEL"),
		ApprovalsChannel: r.channel("SLACK_APPROVALS_CHANNEL"),
		FinanceChannel:   r.channel("SLACK_FINANCE_CHANNEL"),
		Escalation:       r.people("SLACK_ESCALATION", ""),
		PostsPerSecond:   r.rate("SLACK_POSTS_PER_SECOND"),
	}
	if s.Anyone = r.text("SLACK_APPROVERS") == anyone; !s.Anyone {
		s.Approvers = r.people("SLACK_APPROVERS", ", or the word anyone alone")
	}
	return s
}

// botToken finds the other kinds of token that the pages of a Slack app show.
func (r *reader) botToken(name string) {
	const take = "take the Bot User OAuth Token (xoxb-…) of the app's OAuth & Permissions page"
	switch value := r.given(name); {
	case value == "", strings.HasPrefix(value, "xoxb-"):
	case strings.HasPrefix(value, "xapp-"):
		r.fault(name, "is an app-level token (xapp-…): "+take)
	case strings.HasPrefix(value, "xoxp-"):
		r.fault(name, "is a person's token (xoxp-…): "+take)
	case strings.HasPrefix(value, "xoxe"):
		r.fault(name, "is a token that expires (xoxe…): turn token rotation off, and "+take)
	default:
		r.warn(name, "does not begin with xoxb-, as the token of a bot does: "+take)
	}
}

func (r *reader) signingSecret(name string) {
	for _, value := range r.list(name) {
		if isToken(value) {
			r.fault(name, "is a token: take the Signing Secret of the app's Basic Information page")
			return
		}
	}
}

// channel returns a channel's id. Names may change, and only some of Slack's methods accept them.
func (r *reader) channel(name string) string {
	value := r.text(name)
	if r.given(name) != "" && !channelID.MatchString(value) {
		r.fault(name, "must be a channel's id (C…, at the bottom of the channel's details), not its name: %q", value)
	}
	return value
}

var (
	// channelID matches the id of a channel; those of older private channels begin with G.
	channelID = regexp.MustCompile(`^[CG][A-Z0-9_]{1,63}$`)
	// person matches the id of a user (U…, W…) or a user group (S…).
	person = regexp.MustCompile(`^[UWS][A-Z0-9_]{1,63}$`)
)

// people returns a list of ids. or says what else the variable may be.
func (r *reader) people(name, or string) []string {
	ids := r.list(name)
	for _, id := range ids {
		if !person.MatchString(id) {
			r.fault(name, "takes Slack ids of users (U…, W…) and user groups (S…)%s, which %q is not", or, id)
		}
	}
	return ids
}

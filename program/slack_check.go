package program

import (
	"context"
	"errors"
	"strings"

	"github.com/slack-go/slack"

	"fieldmarshal/activities"
	"fieldmarshal/operator"
)

// slackCheck asks Slack for what doctor checks.
type slackCheck struct {
	api                   *slack.Client
	*activities.Approvers // Nobody
}

// Identity asks whose the token is, and which scopes it has.
func (s slackCheck) Identity(ctx context.Context) (operator.SlackIdentity, error) {
	who, err := s.api.AuthTestContext(ctx)
	if err != nil {
		return operator.SlackIdentity{}, errors.New(activities.SlackWords(err))
	}
	id := operator.SlackIdentity{Team: who.Team, User: who.User}
	for scope := range strings.SplitSeq(who.Header.Get("X-OAuth-Scopes"), ",") {
		if scope = strings.TrimSpace(scope); scope != "" {
			id.Scopes = append(id.Scopes, scope)
		}
	}
	return id, nil
}

// Channel asks for a channel. An app without the scope to read channels may still read the messages of those that it is a
// member of, which is enough.
func (s slackCheck) Channel(ctx context.Context, id string) (operator.SlackChannel, error) {
	c, err := s.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: id})
	if err == nil {
		return operator.SlackChannel{Name: c.Name, Member: c.IsMember, Archived: c.IsArchived}, nil
	}
	if slackCode(err) != "missing_scope" {
		return operator.SlackChannel{}, errors.New(activities.SlackWords(err))
	}
	_, err = s.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: id, Limit: 1})
	switch {
	case err == nil:
		return operator.SlackChannel{Name: id, Member: true}, nil
	case slackCode(err) == "not_in_channel":
		return operator.SlackChannel{Name: id}, nil
	}
	return operator.SlackChannel{}, errors.New(activities.SlackWords(err))
}

func slackCode(err error) string {
	var refusal slack.SlackErrorResponse
	if errors.As(err, &refusal) {
		return refusal.Err
	}
	return ""
}

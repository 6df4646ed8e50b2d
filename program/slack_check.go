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
	scopes := strings.Split(strings.ReplaceAll(who.Header.Get("X-OAuth-Scopes"), " ", ""), ",")
	return operator.SlackIdentity{Team: who.Team, User: who.User, Scopes: scopes}, nil
}

// Channel asks for a channel.
func (s slackCheck) Channel(ctx context.Context, id string) (operator.SlackChannel, error) {
	c, err := s.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: id})
	if err != nil {
		return operator.SlackChannel{}, errors.New(activities.SlackWords(err))
	}
	return operator.SlackChannel{Name: c.Name, Member: c.IsMember, Archived: c.IsArchived}, nil
}

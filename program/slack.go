package program

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"fieldmarshal/activities"
	"fieldmarshal/operator"
)

// ownTeam asks Slack which workspace the token belongs to.
func ownTeam(api *slack.Client) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		who, err := api.AuthTestContext(ctx)
		if err != nil {
			return "", fmt.Errorf("ask slack for our workspace: %w", err)
		}
		return who.TeamID, nil
	}
}

// isGuest asks Slack whether somebody is a guest in our workspace or belongs to another organization. It needs the scope
// users:read. In a simulated Slack without users nobody is a guest.
func isGuest(api *slack.Client) func(ctx context.Context, user string) (bool, error) {
	return func(ctx context.Context, user string) (bool, error) {
		u, err := api.GetUserInfoContext(ctx, user)
		var refusal slack.SlackErrorResponse
		switch {
		case errors.As(err, &refusal) && refusal.Err == "unknown_method":
			return false, nil
		case err != nil:
			return false, fmt.Errorf("ask slack who is a guest: %w", err)
		}
		return u.IsRestricted || u.IsUltraRestricted || u.IsStranger, nil
	}
}

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

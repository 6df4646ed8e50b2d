package ingress

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/slack-go/slack"

	"fieldmarshal/cards"
)

// slackEvent answers Slack's Events API: the handshake when the address is entered, and the opening of the
// app's home tab, which then shows what waits for a person. Other events are answered and have no effect.
func (in *Ingress) slackEvent(c *gin.Context, body []byte) {
	var event struct {
		Type      string `json:"type"`
		Challenge string `json:"challenge"`
		TeamID    string `json:"team_id"`
		Event     struct {
			Type string `json:"type"`
			User string `json:"user"`
			Tab  string `json:"tab"`
		} `json:"event"`
	}
	if err := json.Unmarshal(body, &event); err != nil {
		fail(c, http.StatusBadRequest, "", "the body is not an event of Slack's")
		return
	}
	if event.Type == "url_verification" {
		c.JSON(http.StatusOK, gin.H{"challenge": event.Challenge})
		return
	}
	c.Status(http.StatusOK)
	if event.Type != "event_callback" || event.Event.Type != "app_home_opened" || event.Event.Tab != "home" || event.Event.User == "" {
		return
	}
	in.afterwards(c.Request.Context(), tellTimeout, func(ctx context.Context) { in.showHome(ctx, event.TeamID, event.Event.User) })
}

func (in *Ingress) showHome(ctx context.Context, teamID, user string) {
	if own, err := in.team.get(ctx); err != nil || own != teamID {
		return // what waits is nobody else's business
	}
	view := cards.OpenList{Simulated: in.options.Simulated}.Home()
	if list, err := in.openList(ctx, cards.OpenAtHome, user); err == nil {
		list.Reader = in.reader(ctx, user)
		view = list.Home()
	} else {
		view.Blocks.BlockSet = cards.Sorry("What waits for a person can't be told right now: Temporal does not answer. Open this tab again in a minute.").Blocks
	}
	if _, err := in.options.Slack.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: user, View: view}); err != nil {
		in.log.Warn("the home tab could not be shown", "user", user, "error", err)
	}
}

// reader says whether a person may decide about a CPI.
func (in *Ingress) reader(ctx context.Context, user string) cards.Reader {
	ctx, cancel := context.WithTimeout(ctx, approversTimeout)
	defer cancel()
	switch allowed, known := in.options.Approvers.May(ctx, user); {
	case !known:
		return cards.Somebody
	case allowed:
		return cards.Approver
	}
	return cards.Onlooker
}

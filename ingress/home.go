package ingress

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/slack-go/slack"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// slackEvent answers Slack's Events API: the handshake when the address is entered, and the opening of the app's home tab,
// which then shows what waits for a person. Other events have no effect.
func (in *Ingress) slackEvent(c *gin.Context, body []byte) {
	var event struct {
		Type         string `json:"type"`
		Challenge    string `json:"challenge"`
		TeamID       string `json:"team_id"`
		EnterpriseID string `json:"context_enterprise_id"` // if there is an organization
		Event        struct {
			Type string `json:"type"`
			User string `json:"user"`
			Tab  string `json:"tab"`
		} `json:"event"`
	}
	if err := json.Unmarshal(body, &event); err != nil {
		fail(c, http.StatusBadRequest, "", "the body is not an event from Slack")
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
	who := person{user: event.Event.User, team: event.TeamID, enterprise: event.EnterpriseID}
	in.afterwards(c.Request.Context(), tellTimeout, func(ctx context.Context) {
		if err := in.showHome(ctx, who, nil, 0); err != nil {
			in.log.Warn("the home tab could not be shown", "user", who.user, "error", err)
		}
	})
}

// showHome publishes a person's home tab, below a notice if there is one. Somebody from another workspace sees nothing else.
// The buttons of the project decided are not shown again.
func (in *Ingress) showHome(ctx context.Context, who person, notice []slack.Block, decided prodege.ProjectID) error {
	view := cards.OpenList{Simulated: in.options.Simulated}.Home()
	view.Blocks.BlockSet = notice
	own, err := in.team.get(ctx)
	if ours := err == nil && who.isFrom(own); ours {
		view.Blocks.BlockSet = append(notice, in.home(ctx, who.user, decided)...)
	} else if notice == nil {
		return err
	}
	_, err = in.options.Slack.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: who.user, View: view})
	return err
}

// home returns the list of what waits, as its reader sees it.
func (in *Ingress) home(ctx context.Context, user string, decided prodege.ProjectID) []slack.Block {
	who := in.readerOf(ctx, user)
	list, err := in.openList(ctx, cards.OpenAtHome, who)
	if err != nil {
		return cards.Sorry("What waits for a person can't be told right now: Temporal does not answer. Open this tab again in a minute.").Blocks
	}
	list.Reader = in.mayRead(ctx, who)
	for i := range list.Items {
		if list.Items[i].Project.ID == decided {
			list.Items[i].Card = project.Card{}
		}
	}
	return list.Home().Blocks.BlockSet
}

// mayRead returns what a reader may do. A guest can only decide on the message itself.
func (in *Ingress) mayRead(ctx context.Context, who reader) cards.Reader {
	if who.guest {
		return cards.Onlooker
	}
	ctx, cancel := context.WithTimeout(ctx, approversTimeout)
	defer cancel()
	switch allowed, known := in.options.Approvers.May(ctx, who.user); {
	case !known:
		return cards.Somebody
	case allowed:
		return cards.Approver
	}
	return cards.Onlooker
}

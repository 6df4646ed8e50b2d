package ingress

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/slack-go/slack"

	"fieldmarshal/cards"
)

// interaction is a click on a button or a submitted modal. Anything else, and any button that is none of
// ours (a link, one of another app's version), is answered 200 and has no effect.
func (in *Ingress) interaction(c *gin.Context, body []byte) {
	p, err := parsePayload(body)
	if err != nil {
		in.log.Warn("an interaction can't be read", "request_id", c.GetString("request_id"), "error", err)
		fail(c, http.StatusBadRequest, "", err.Error())
		return
	}
	switch p.Type {
	case slack.InteractionTypeBlockActions:
		in.click(c, p)
	case slack.InteractionTypeViewSubmission:
		in.submission(c, p)
	default:
		c.Status(http.StatusOK)
	}
}

// click is a click on a button of a message.
func (in *Ingress) click(c *gin.Context, p slack.InteractionCallback) {
	action := ours(p)
	if action == nil || p.User.ID == "" {
		c.Status(http.StatusOK)
		return
	}
	where := place{person: personOf(p), responseURL: p.ResponseURL}
	button, err := readButton(action.Value)
	if err != nil {
		in.log.Warn("a button can't be read", "action", action.ActionID, "user", p.User.ID, "error", err)
		c.Status(http.StatusOK)
		in.afterwards(c.Request.Context(), tellTimeout, func(ctx context.Context) { in.tell(ctx, where, in.mismatch(0)) })
		return
	}
	if cards.OpensModal(action.ActionID) {
		in.openModal(c, p, action.ActionID, button, where)
		return
	}
	verdict, _ := cards.VerdictOf(action.ActionID)
	d := decisionOf(button, verdict, clickID("click", p.User.ID, action.ActionTs, p.Channel.ID, messageTS(p), action.ActionID))
	d.Second = d.UpTo != nil // no modal asked for it
	kind := in.decide(c.Request.Context(), where.person, button.Workflow, d)
	c.Status(http.StatusOK)
	at := in.now()
	in.afterwards(c.Request.Context(), tellTimeout, func(ctx context.Context) {
		if kind != "" {
			in.tell(ctx, where, in.vain(ctx, kind, button))
			return
		}
		in.takeButtonsAway(ctx, p.ResponseURL, cards.Recorded(p.Message.Blocks.BlockSet, p.User.ID, action.ActionID, at))
	})
}

func messageTS(p slack.InteractionCallback) string {
	if p.Container.MessageTs != "" {
		return p.Container.MessageTs
	}
	return p.Message.Timestamp
}

package ingress

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/slack-go/slack"

	"fieldmarshal/cards"
	"fieldmarshal/project"
)

// interaction answers a click on a button or a submitted modal. Anything else, and any unknown button (a link, one of another
// version of the app), is answered with 200 and has no effect.
//
// Only the project's workflow edits the message that was clicked. The ingress tells the person who clicked, in an ephemeral
// message, that the click is recorded once Temporal has it, or why it does not count.
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

// click answers a click on a button of a message or of the home tab.
func (in *Ingress) click(c *gin.Context, p slack.InteractionCallback) {
	action := ourAction(p)
	if action == nil || p.User.ID == "" {
		c.Status(http.StatusOK)
		return
	}
	where := place{person: personOf(p), channel: p.Channel.ID, responseURL: p.ResponseURL, home: p.View.Type == slack.VTHomeTab}
	button, err := cards.DecodeButton(action.Value)
	if err != nil {
		in.log.Warn("a button can't be read", "action", action.ActionID, "user", p.User.ID, "error", err)
		in.answerLater(c, where, project.AnswerMismatch, cards.Button{}, project.Decision{})
		return
	}
	if where.home {
		where.channel = in.channelOf(button)
	}
	if cards.OpensModal(action.ActionID) {
		in.openModal(c, p, action.ActionID, button, where)
		return
	}
	verdict, _ := cards.VerdictOf(action.ActionID)
	d := decisionOf(button, verdict, clickID("click", p.User.ID, action.ActionTs, p.Channel.ID, messageTS(p), action.ActionID))
	d.Channel = where.channel
	d.Second = d.UpTo != nil // not entered in a modal, so it is what the first person approved
	kind := in.decide(c.Request.Context(), where.person, button.Project, d)
	in.answerLater(c, where, kind, button, d)
}

// answerLater answers the HTTP request at once, and tells the person who clicked the result after that.
func (in *Ingress) answerLater(c *gin.Context, where place, kind project.AnswerKind, b cards.Button, d project.Decision) {
	c.Status(http.StatusOK)
	in.afterwards(c.Request.Context(), tellTimeout, func(ctx context.Context) {
		in.tell(ctx, where, in.answerTo(ctx, kind, b, d), kind == project.AnswerRecorded, b)
	})
}

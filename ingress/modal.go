package ingress

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/slack-go/slack"

	"fieldmarshal/cards"
	"fieldmarshal/project"
)

// openTimeout is for opening a modal: a trigger_id is valid for three seconds after the click (docs.slack.dev, modals).
const openTimeout = 2500 * time.Millisecond

// fromHome takes the place of a message's ts in a modal that was opened from the home tab.
const fromHome = "home"

// openModal opens the modal at once, using only the button's value, and then answers the click. Who may decide is checked when
// the modal is submitted.
func (in *Ingress) openModal(c *gin.Context, p slack.InteractionCallback, actionID string, b cards.Button, where place) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), openTimeout)
	defer cancel()
	ts := messageTS(p)
	if where.home {
		ts = fromHome
	}
	view, err := cards.OpenModal(actionID, b, where.channel, ts)
	if err != nil {
		in.log.Warn("a button's value does not match its action", "action", actionID, "project_id", b.Project.String(), "user", p.User.ID, "error", err)
		in.answerLater(c, where, project.AnswerMismatch, b, project.Decision{})
		return
	}
	if _, err := in.options.Slack.OpenViewContext(ctx, p.TriggerID, view); err != nil {
		in.log.Error("a modal could not be opened", "project_id", b.Project.String(), "user", p.User.ID, "error", err)
		in.answerLater(c, where, project.AnswerNotRecorded, b, project.Decision{})
		return
	}
	c.Status(http.StatusOK)
}

// submission checks a submitted modal, signals it to the project and answers, all in one request. An error that the person can
// correct, or that may be temporary, is shown at the field, and the modal stays open with what they entered.
func (in *Ingress) submission(c *gin.Context, p slack.InteractionCallback) {
	m, err := cards.ReadModal(p.View)
	if err != nil || p.User.ID == "" {
		in.log.Warn("a submitted modal is not ours", "user", p.User.ID, "callback", p.View.CallbackID, "error", err)
		c.Status(http.StatusOK)
		return
	}
	entered, faults := m.Check()
	if len(faults) > 0 {
		c.JSON(http.StatusOK, slack.NewErrorsViewSubmissionResponse(faults))
		return
	}
	d := decisionOf(m.Button, entered.Verdict, clickID("view", p.View.ID, p.User.ID))
	d.Reason, d.Action, d.Number, d.Channel = entered.Reason, entered.Action, entered.Number, m.Channel
	if entered.UpTo != nil {
		d.UpTo = entered.UpTo
	}
	who := personOf(p)
	kind := in.decide(c.Request.Context(), who, m.Button.Project, d)
	if kind == project.AnswerNotRecorded || kind == project.AnswerNoList {
		c.JSON(http.StatusOK, slack.NewErrorsViewSubmissionResponse(map[string]string{m.Field(): in.answerTo(c.Request.Context(), kind, m.Button, d).Text}))
		return
	}
	// An empty answer closes the modal. A submitted view has no response_url, and comes from no channel.
	in.answerLater(c, place{person: who, channel: m.Channel, home: m.TS == fromHome}, kind, m.Button, d)
}

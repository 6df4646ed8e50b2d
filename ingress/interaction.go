package ingress

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
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

// interaction answers a click on a button or a submitted modal. Anything else, and any unknown button (a link, one of another
// version of the app), is answered with 200 and has no effect.
//
// Only the project's workflow edits the message that was clicked. The ingress tells the person who clicked, in an ephemeral
// message, that the click is recorded once Temporal has it, or why it does not count.
func (in *Ingress) interaction(c *gin.Context, body []byte) {
	p, err := parsePayload(body)
	if err != nil {
		in.log.Warn("an interaction can't be read", "request_id", requestID(c), "error", err)
		fail(c, http.StatusBadRequest, "", err.Error())
		return
	}
	c.Status(http.StatusOK)
	switch {
	case p.User.ID == "":
	case p.Type == slack.InteractionTypeBlockActions:
		in.click(c, p)
	case p.Type == slack.InteractionTypeViewSubmission:
		in.submission(c, p)
	}
}

// parsePayload parses the body of an interaction: a form with one field that contains JSON. The error's text has no part of it.
func parsePayload(body []byte) (p slack.InteractionCallback, err error) {
	defer func() {
		if r := recover(); r != nil { // slack-go's decoders have panicked on malformed input before
			err = fmt.Errorf("the payload is malformed: %v", r)
		}
	}()
	form, err := url.ParseQuery(string(body))
	if err != nil || json.Unmarshal([]byte(form.Get("payload")), &p) != nil {
		err = fmt.Errorf("the body is not a form with one of Slack's payloads")
	}
	return p, err
}

// click answers a click on a button of a message or of the home tab.
func (in *Ingress) click(c *gin.Context, p slack.InteractionCallback) {
	ctx := c.Request.Context()
	where := place{person: personOf(p), channel: p.Channel.ID, responseURL: p.ResponseURL, home: p.View.Type == slack.VTHomeTab}
	for _, action := range p.ActionCallback.BlockActions {
		if action == nil {
			continue
		}
		verdict, ours := cards.VerdictOf(action.ActionID)
		if !ours {
			continue
		}
		button, err := cards.DecodeButton(action.Value)
		if err != nil {
			in.log.Warn("a button can't be read", "action", action.ActionID, "user", p.User.ID, "error", err)
			in.answerLater(ctx, where, project.AnswerMismatch, cards.Button{}, project.Decision{})
			return
		}
		if where.home { // the answer goes to the channel of its message
			where.channel = in.options.ApprovalsChannel
			if button.OfAction() {
				where.channel = in.options.AlertsChannel
			}
		}
		ts := p.Container.MessageTs
		if ts == "" {
			ts = p.Message.Timestamp
		}
		if cards.OpensModal(action.ActionID) {
			in.openModal(ctx, p, action.ActionID, button, where, ts)
			return
		}
		d := decisionOf(button, verdict, clickID("click", p.User.ID, action.ActionTs, p.Channel.ID, ts, action.ActionID))
		d.Channel = where.channel
		d.Second = d.UpTo != nil // not entered in a modal, so it is what the first person approved
		kind := in.decide(ctx, where.person, button.Project, d)
		in.answerLater(ctx, where, kind, button, d)
		return
	}
}

// openModal opens the modal at once, using only the button's value, and then answers the click. Who may decide is checked when
// the modal is submitted.
func (in *Ingress) openModal(ctx context.Context, p slack.InteractionCallback, actionID string, b cards.Button, where place, ts string) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), openTimeout)
	defer cancel()
	if where.home {
		ts = fromHome
	}
	view, err := cards.OpenModal(actionID, b, where.channel, ts)
	if err != nil {
		in.log.Warn("a button's value does not match its action", "action", actionID,
			"project_id", b.Project.String(), "user", p.User.ID, "error", err)
		in.answerLater(ctx, where, project.AnswerMismatch, b, project.Decision{})
		return
	}
	if _, err := in.options.Slack.OpenViewContext(limited, p.TriggerID, view); err != nil {
		in.log.Error("a modal could not be opened", "project_id", b.Project.String(), "user", p.User.ID, "error", err)
		in.answerLater(ctx, where, project.AnswerNotRecorded, b, project.Decision{})
	}
}

// submission checks a submitted modal, signals it to the project and answers, all in one request. An error that the person can
// correct, or that may be temporary, is shown at the field, and the modal stays open with what they entered.
func (in *Ingress) submission(c *gin.Context, p slack.InteractionCallback) {
	m, err := cards.ReadModal(p.View)
	if err != nil {
		in.log.Warn("a submitted modal is not ours", "user", p.User.ID, "callback", p.View.CallbackID, "error", err)
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
	ctx, who := c.Request.Context(), personOf(p)
	kind := in.decide(ctx, who, m.Button.Project, d)
	if kind == project.AnswerNotRecorded || kind == project.AnswerNoList {
		text := in.answerTo(ctx, kind, m.Button, d).Text
		c.JSON(http.StatusOK, slack.NewErrorsViewSubmissionResponse(map[string]string{m.Field(): text}))
		return
	}
	// An empty answer closes the modal. A submitted view has no response_url, and comes from no channel.
	in.answerLater(ctx, place{person: who, channel: m.Channel, home: m.TS == fromHome}, kind, m.Button, d)
}

// answerLater tells the person who clicked the result after the HTTP request is answered.
func (in *Ingress) answerLater(ctx context.Context, where place, kind project.AnswerKind, b cards.Button, d project.Decision) {
	in.afterwards(ctx, tellTimeout, func(ctx context.Context) {
		in.tell(ctx, where, in.answerTo(ctx, kind, b, d), kind == project.AnswerRecorded, b)
	})
}

// clickID returns the same id for the same click, however often it is sent.
func clickID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// decisionOf returns the decision of a click on a button. decide adds who clicked and when.
func decisionOf(b cards.Button, verdict project.Verdict, click string) project.Decision {
	d := project.Decision{ID: click, Of: project.OfCPI, Verdict: verdict, Request: b.Request, Generation: b.Generation,
		Amount: b.Amount, UpTo: b.UpTo, Revision: b.Revision, From: project.FromSlack}
	switch {
	case b.Revision > 0:
		d.Of = project.OfInvoice
	case b.OfAction():
		d.Of = project.OfAction
	}
	return d
}

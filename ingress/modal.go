package ingress

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/slack-go/slack"

	"fieldmarshal/cards"
)

// openTimeout: a trigger_id lives three seconds from the click (docs.slack.dev, modals).
const openTimeout = 2500 * time.Millisecond

// openModal opens the modal before anything else is asked, from nothing but the button's value; only then
// the click is answered. Who may decide is checked when the modal is submitted.
func (in *Ingress) openModal(c *gin.Context, p slack.InteractionCallback, actionID string, b cards.Button, where place) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), openTimeout)
	defer cancel()
	c.Status(http.StatusOK)
	view, err := cards.OpenModal(actionID, b, p.Channel.ID, messageTS(p))
	if err != nil {
		in.log.Warn("a button does not fit its action", "action", actionID, "workflow_id", b.Workflow, "user", p.User.ID, "error", err)
		in.afterwards(c.Request.Context(), tellTimeout, func(ctx context.Context) { in.tell(ctx, where, in.vain(ctx, cards.AnswerMismatch, b)) })
		return
	}
	opened, err := in.options.Slack.OpenViewContext(ctx, p.TriggerID, view)
	if err != nil {
		in.log.Error("a modal could not be opened", "workflow_id", b.Workflow, "user", p.User.ID, "error", err)
		in.afterwards(c.Request.Context(), tellTimeout, func(ctx context.Context) { in.tell(ctx, where, in.vain(ctx, cards.AnswerNotTaken, b)) })
		return
	}
	in.modals.remember(opened.ID, message{responseURL: p.ResponseURL, blocks: p.Message.Blocks.BlockSet, actionID: actionID, at: in.now()})
}

// submission is a submitted modal: checked, handed to the workflow and answered in one request. A fault that
// the person can mend, or that may pass, stands at the field, and the modal stays open with what they wrote.
func (in *Ingress) submission(c *gin.Context, p slack.InteractionCallback) {
	m, err := cards.ReadModal(p.View)
	if err == nil {
		_, err = readButtonOf(m)
	}
	if err != nil || p.User.ID == "" {
		in.log.Warn("a submitted modal is none of ours", "user", p.User.ID, "callback", p.View.CallbackID, "error", err)
		c.Status(http.StatusOK)
		return
	}
	entered, faults := m.Check()
	if len(faults) > 0 {
		c.JSON(http.StatusOK, slack.NewErrorsViewSubmissionResponse(faults))
		return
	}
	who := personOf(p)
	who.channel = m.Channel // a submitted view comes from no channel
	d := decisionOf(m.Button, entered.Verdict, clickID("view", p.View.ID, p.User.ID))
	d.Reason, d.Action, d.Number = entered.Reason, entered.Action, entered.Number
	if entered.UpTo != nil {
		d.UpTo = entered.UpTo
	}
	kind := in.decide(c.Request.Context(), who, m.Button.Workflow, d)
	if kind == cards.AnswerNotTaken || kind == cards.AnswerNoList {
		c.JSON(http.StatusOK, slack.NewErrorsViewSubmissionResponse(map[string]string{m.Field(): in.vain(c.Request.Context(), kind, m.Button).Text}))
		return
	}
	c.Status(http.StatusOK) // which closes the modal
	original, known := in.modals.take(p.View.ID)
	at := in.now()
	in.afterwards(c.Request.Context(), tellTimeout, func(ctx context.Context) {
		switch {
		case kind != "":
			in.tell(ctx, place{person: who, responseURL: original.responseURL}, in.vain(ctx, kind, m.Button))
		case known:
			in.takeButtonsAway(ctx, original.responseURL, cards.Recorded(original.blocks, p.User.ID, original.actionID, at))
		}
	})
}

func readButtonOf(m cards.Modal) (cards.Button, error) {
	value, err := m.Button.Encode()
	if err != nil {
		return cards.Button{}, err
	}
	return readButton(value)
}

const (
	// A response_url works for half an hour (docs.slack.dev, handling user interaction).
	rememberModal = 30 * time.Minute
	mostModals    = 1000 // open at one time
)

// message is what is needed to take the buttons off the message from which a modal was opened.
type message struct {
	responseURL string
	blocks      []slack.Block
	actionID    string
	at          time.Time
}

// modals remembers the messages of open modals, in memory only: a response_url is a capability that must
// stand nowhere else. After a restart the workflow's own edit takes the buttons away, a little later.
type modals struct {
	mu   sync.Mutex
	open map[string]message // by view id
}

func (m *modals) remember(viewID string, msg message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.open == nil {
		m.open = map[string]message{}
	}
	for id, old := range m.open {
		if msg.at.Sub(old.at) > rememberModal {
			delete(m.open, id)
		}
	}
	if len(m.open) < mostModals {
		m.open[viewID] = msg
	}
}

func (m *modals) take(viewID string) (message, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	msg, ok := m.open[viewID]
	delete(m.open, viewID)
	return msg, ok
}

package workflows

import (
	"errors"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
)

// TypeDigest is the workflow that tells of a burst of pauses in one message.
const TypeDigest = "Digest"

// DigestWorkflowID is the workflow id of a channel's digest; it runs only while there is a burst.
func DigestWorkflowID(channel string) string { return "fieldmarshal-digest-" + channel }

// DigestAdd brings a Digest one pause.
const DigestAdd Signal[activities.DigestItem] = "DigestItem"

const (
	// digestEvery is how long pauses are gathered before they are told.
	digestEvery = time.Minute
	// maxDigest is how many pauses one digest keeps; it counts the others.
	maxDigest = 100
)

// DigestInput starts a Digest with its first pauses.
type DigestInput struct {
	Channel string                  `json:"channel"`
	Items   []activities.DigestItem `json:"items"`
}

// DigestState is a Digest's whole memory.
type DigestState struct {
	DigestInput
	More     int        `json:"more,omitempty"`
	Due      time.Time  `json:"due,omitzero"` // when what was gathered is told
	Told     int        `json:"told"`         // digests so far
	Messages []*Message `json:"messages,omitempty"`
	Settings Settings   `json:"settings"`
}

// Digest gathers pauses that came faster than a channel takes messages, tells them together once a minute, and
// ends when the burst is over.
func (w *Workflows) Digest(ctx workflow.Context, in DigestInput) error {
	state := &DigestState{DigestInput: in, Settings: w.readSettings(ctx)}
	if err := workflow.SetQueryHandler(ctx, StateQuery, func() (*DigestState, error) { return state, nil }); err != nil {
		return err
	}
	news := workflow.NewNamedBufferedChannel(ctx, "news", 1)
	b := newBoard(ctx, &state.Messages, state.Settings.TaskQueue, func() { news.SendAsync(true) })
	var ring alarm
	for ctx.Err() == nil {
		state.gather(ctx)
		if due(ctx, state.Due) {
			state.tell(ctx, b)
		}
		sel := workflow.NewSelector(ctx)
		DigestAdd.wakes(ctx, sel)
		if state.Due.IsZero() && b.idle() && !sel.HasPending() {
			return nil
		}
		ring.set(ctx, state.Due, "gather pauses for the digest")
		sel.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
		sel.AddReceive(news, func(c workflow.ReceiveChannel, _ bool) { c.ReceiveAsync(nil) })
		ring.wakes(sel)
		sel.Select(ctx)
	}
	return ctx.Err()
}

// gather takes the pauses that came, and decides when they are told.
func (d *DigestState) gather(ctx workflow.Context) {
	d.Items = append(d.Items, DigestAdd.drain(ctx)...)
	if len(d.Items) > maxDigest {
		d.More += len(d.Items) - maxDigest
		d.Items = d.Items[:maxDigest]
	}
	if len(d.Items) > 0 && d.Due.IsZero() {
		d.Due = workflow.Now(ctx).Add(digestEvery)
	}
}

func (d *DigestState) tell(ctx workflow.Context, b *board) {
	d.Told++
	card := activities.Card{Digest: &activities.Digest{Items: d.Items, More: d.More, UI: d.Settings.TemporalUIURL, Simulated: d.Settings.Simulated}}
	// Its key holds the time: a digest of a later burst has the same workflow id.
	b.post("digest-"+workflow.Now(ctx).UTC().Format("20060102T150405.000"), d.Channel, card, "digest of a burst")
	b.tidy(0, func(string) bool { return false })
	d.Items, d.More, d.Due = nil, 0, time.Time{}
}

// tellDigest hands an alert over to the channel's digest, starting it where none runs.
func tellDigest(ctx workflow.Context, m *Message) error {
	pause := m.Card.Pause
	item := activities.DigestItem{Project: pause.Project, Reason: pause.Event.Reason, Description: pause.Event.Description, Since: pause.Since, End: pause.End, UI: pause.UI}
	id := DigestWorkflowID(m.Channel)
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: id, ParentClosePolicy: enums.PARENT_CLOSE_POLICY_ABANDON,
		StaticSummary: "Pauses that came faster than Slack takes messages"})
	for range 3 { // between the two it may end, or be started by another project
		err := workflow.ExecuteChildWorkflow(ctx, TypeDigest, DigestInput{Channel: m.Channel, Items: []activities.DigestItem{item}}).GetChildWorkflowExecution().Get(ctx, nil)
		if err == nil || !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			return err
		}
		if DigestAdd.send(ctx, id, item) {
			return nil
		}
	}
	return errors.New("the digest of the channel could not be reached")
}

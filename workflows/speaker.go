package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
)

// speak is the coroutine of the speaker, which posts, or of the editor, which does what is quick.
func (b *board) speak(ctx workflow.Context, wake workflow.Channel, quick bool) {
	for ctx.Err() == nil {
		m, at := b.next(ctx, quick)
		if m == nil {
			b.rest(ctx, at, wake)
			continue
		}
		b.busy++
		m.saying = true
		begun := workflow.Now(ctx)
		b.say(ctx, m)
		if took := workflow.Now(ctx).Sub(begun); took > slowAfterAll {
			b.slow += took
		}
		m.saying = false
		b.busy--
		b.rouse() // a reply may have waited for its root, an edit for its post
		b.changed()
	}
}

// next is the first thing due to be said: a reply waits for its root, and what can't be said yet lets others pass.
func (b *board) next(ctx workflow.Context, quick bool) (due *Message, wakeAt time.Time) {
	now := workflow.Now(ctx)
	for _, m := range *b.Messages {
		if !m.unsaid() || m.saying || quick != m.quick() {
			continue
		}
		if root := b.find(m.Parent); m.Parent != "" && (root == nil || root.TS == "") {
			continue
		}
		if now.Before(m.After) {
			wakeAt = soonest(wake{wakeAt, ""}, wake{m.After, ""}).at
			continue
		}
		return m, time.Time{}
	}
	return nil, wakeAt
}

// rest waits for something to say, or until what could not be said is due again.
func (b *board) rest(ctx workflow.Context, until time.Time, wake workflow.Channel) {
	sel := workflow.NewSelector(ctx)
	sel.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
	sel.AddReceive(wake, func(c workflow.ReceiveChannel, _ bool) { c.ReceiveAsync(nil) })
	if !until.IsZero() {
		timerCtx, cancel := workflow.WithCancel(ctx)
		defer cancel()
		wait := max(until.Sub(workflow.Now(ctx)), time.Millisecond)
		sel.AddFuture(workflow.NewTimerWithOptions(timerCtx, wait, workflow.TimerOptions{Summary: "say again what Slack refused"}), func(workflow.Future) {})
	}
	sel.Select(ctx)
}

// say brings one message to the version that is wanted now.
func (b *board) say(ctx workflow.Context, m *Message) {
	version := m.Wanted
	err := b.send(ctx, m)
	if err == nil && m.Folded {
		m.Fault, m.After = "", time.Time{}
		return
	}
	if err == nil {
		m.Shown, m.Fault, m.After = version, "", time.Time{}
		return
	}
	if m.User != "" { // an answer that came too late helps nobody
		workflow.GetLogger(ctx).Warn("could not answer a click", "user", m.User, "error", err)
		m.Shown = version
		return
	}
	fault, known := activities.MendOf(err)
	if !known {
		fault = err.Error()
	}
	workflow.GetLogger(ctx).Error("could not say it in Slack, will try again", "what", m.What, "channel", m.Channel, "error", fault)
	m.Fault = cut(fault, 300)
	m.After = workflow.Now(ctx).Add(mendEvery)
}

func (b *board) send(ctx workflow.Context, m *Message) error {
	switch {
	case m.User != "":
		return whisper(ctx, activities.Whisper{Channel: m.Channel, User: m.User, Card: m.Card}, m.What)
	case m.TS != "" && m.Parent == "":
		edited, err := editMessage(ctx, activities.Edit{Channel: m.Sent, TS: m.TS, Key: b.slackKey(m), Card: m.Card}, m.What)
		if err != nil || !edited.Gone {
			return err
		}
		m.TS, m.Tried = "", time.Time{}
		m.Again++
	}
	return b.postNew(ctx, m)
}

func (b *board) postNew(ctx workflow.Context, m *Message) error {
	in := activities.Post{Channel: m.Channel, Key: b.slackKey(m), Card: m.Card, Tried: m.Tried}
	if root := b.find(m.Parent); root != nil {
		in.Channel, in.Thread = root.Sent, root.TS
	}
	if m.Tried.IsZero() {
		m.Tried = workflow.Now(ctx)
	}
	posted, crowded, err := postMessage(ctx, b.queue, in, m.Fold && m.Card.Pause != nil, m.What)
	if err != nil {
		return err
	}
	if crowded {
		return b.fold(ctx, m)
	}
	m.Sent, m.TS, m.Link = posted.Channel, posted.TS, posted.Link
	m.stands(workflow.Now(ctx))
	if posted.Found && m.root() && !in.Tried.IsZero() && workflow.GetVersion(ctx, "what is found is written anew", workflow.DefaultVersion, 1) >= 1 {
		m.Wanted++ // an earlier try said it as it was then
	}
	return nil
}

// slackKey is the key that stands in the message's metadata.
func (b *board) slackKey(m *Message) string {
	if m.Again > 0 {
		return fmt.Sprintf("%s/%s/again-%d", b.workflow, m.Key, m.Again)
	}
	return b.workflow + "/" + m.Key
}

// fold has an alert told in the channel's digest. What only adorned it meanwhile is no news; its end is, and what is
// to be said in its thread.
func (b *board) fold(ctx workflow.Context, m *Message) error {
	ended := m.Card.Pause.End != nil
	if err := tellDigest(ctx, m); err != nil {
		return err
	}
	if m.Fold && (m.Card.Pause.End != nil) == ended {
		m.Folded, m.Shown = true, m.Wanted
	}
	return nil
}

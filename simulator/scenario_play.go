package simulator

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"fieldmarshal/prodege"
)

// opens makes the scenario's project, live at $3.75 at most.
func (on *play) opens(name string) {
	cpi, most := prodege.MustUSD("3.50"), prodege.MustUSD("3.75")
	on.Prodege.SetProject(Project{
		ID: on.project, Name: scenarioName + name, ReferenceID: "PO-" + on.project.String(), Status: prodege.Live,
		CPI: &cpi, AvgCPI: &cpi, MaxCPI: &most, SampleSize: 400, ExpectedIR: 30, LOI: 12, ActualIR: 22, ActualLOI: 15,
		Quotas: []Quota{{ID: 1, Active: true, Respondents: 400, Completes: 120, Clicks: 900}},
	})
}

// waits tells where the step under way shows, and what is to be said where that does not come.
func (on *play) waits(at, of, lacks string) {
	on.lacks = lacks
	on.theatre.change(func(p *performance) { p.Steps[on.step].At, p.Steps[on.step].Of = at, of })
}

// sent checks that a delivery was answered 200.
func (on *play) sent(e Exchange, err error) error {
	on.waits("#exchanges", "the delivery", "the delivery was not answered 200")
	switch {
	case err != nil:
		return err
	case e.Status() != http.StatusOK:
		return fmt.Errorf("the webhook was answered %d", e.Status())
	}
	return nil
}

// stands waits until a message about the project says something, with that many buttons where buttons is not
// negative, and keeps it.
func (on *play) stands(ctx context.Context, channel, text string, buttons int) error {
	name := "#" + on.Slack.format("").names[channel]
	lacks := "no message came in " + name + " that says “" + text + "”"
	if on.message.TS == "" && channel == on.Cast.Approvals {
		lacks = "no request came in " + name
	}
	on.waits("#channel-"+channel, name, lacks)
	m, err := on.Slack.WaitMessage(ctx, channel, func(m Message) bool {
		words := strings.ToLower(PlainText(m))
		return m.Thread == "" && strings.Contains(words, on.project.String()) && strings.Contains(words, strings.ToLower(text)) &&
			(buttons < 0 || len(Buttons(m)) == buttons)
	})
	if err == nil {
		on.message = m
		on.waits("#"+messageAnchor(m.Channel, m.TS), "the message", lacks)
	}
	return err
}

// clicks has somebody click a button of the message that was kept last.
func (on *play) clicks(ctx context.Context, user, action string, value *string) error {
	on.waits("#"+messageAnchor(on.message.Channel, on.message.TS), "the message", "the click was not answered")
	reply, err := on.Slack.Click(ctx, Click{User: user, Channel: on.message.Channel, TS: on.message.TS, ActionID: action, Value: value})
	if err == nil && !reply.OK() {
		err = fmt.Errorf("the click was answered %d", reply.Status)
	}
	return err
}

// told waits until somebody was told something alone.
func (on *play) told(ctx context.Context, user, text string) error {
	on.lacks = "a message to the person alone did not come"
	m, err := on.Slack.WaitEphemeral(ctx, user, func(m Message) bool {
		words := PlainText(m)
		return strings.Contains(words, on.project.String()) && strings.Contains(words, text)
	})
	if err == nil { // on the page of that person only
		on.waits("./?as="+user+"#"+messageAnchor(m.Channel, m.TS), "the message, as who sees it", on.lacks)
	}
	return err
}

// keeps waits until the ingress keeps a delivery that Temporal does not have.
func (on *play) keeps(ctx context.Context) error {
	on.waits("#trouble", "the inbox", "the inbox did not keep the delivery")
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for on.Waiting != nil && on.Waiting() == 0 {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the inbox to keep the delivery: %w", ctx.Err())
		case <-look.C:
		}
	}
	return nil
}

// stops stops a part of the program, starts starts it again.
func (on *play) stops(ctx context.Context, id string) error {
	on.stopped = on.part(id)
	on.waits("#trouble", on.stopped.Name, on.stopped.Name+" did not stop")
	on.theatre.change(func(p *performance) { p.Stopped = id })
	return on.stopped.Stop(ctx)
}

func (on *play) starts(ctx context.Context) error {
	part := on.stopped
	on.waits("#trouble", part.Name, part.Name+" did not start")
	if err := part.Start(ctx); err != nil {
		return err
	}
	on.stopped = nil
	on.theatre.change(func(p *performance) { p.Stopped = "" })
	return nil
}

// mend starts again what a scenario stopped that did not come to its end.
func (on *play) mend() error {
	if on.stopped == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), partLimit)
	defer cancel()
	if err := on.starts(ctx); err != nil {
		return fmt.Errorf("and what it had stopped does not start again: %w", err)
	}
	return nil
}

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

// clicks has somebody click a button of the message that was kept last, and waits for what comes of it: a message
// to them alone, a modal, or the button is gone. Who is told to do it again does so, as people do.
func (on *play) clicks(ctx context.Context, user, action string, value *string) error {
	channel, ts := on.message.Channel, on.message.TS
	on.waits("#"+messageAnchor(channel, ts), "the message", "nothing came of the click")
	for {
		before := on.sight(user, channel, ts)
		reply, err := on.Slack.Click(ctx, Click{User: user, Channel: channel, TS: ts, ActionID: action, Value: value})
		switch {
		case err != nil:
			return err
		case !reply.OK():
			return fmt.Errorf("the click was answered %d", reply.Status)
		}
		again := false
		err = on.Slack.await(ctx, "what comes of the click", func() bool {
			now := on.sight(user, channel, ts)
			gone := !on.offers(action)
			again = !gone && now.alone != before.alone && asksAgain(on.aloneWords(user))
			return gone || now.alone != before.alone || now.modal != "" && now.modal != before.modal
		})
		if err != nil || !again {
			return err
		}
		if err := rests(ctx); err != nil {
			return err
		}
	}
}

// offers says whether the message that was kept last has a button still.
func (on *play) offers(action string) bool {
	m, _ := on.Slack.Message(on.message.Channel, on.message.TS)
	for _, b := range Buttons(m) {
		if b.ActionID == action {
			return true
		}
	}
	return false
}

// enters has somebody submit a modal, and again where that could not be recorded.
func (on *play) enters(ctx context.Context, view View, user string, values map[string]string) error {
	for {
		out, err := on.Slack.Submit(ctx, view.ID, user, values)
		switch {
		case err != nil:
			return err
		case out.Action != "errors":
			return nil
		}
		for _, text := range out.Errors {
			if !asksAgain(text) {
				return fmt.Errorf("the modal stays open: %v", out.Errors)
			}
		}
		if err := rests(ctx); err != nil {
			return err
		}
	}
}

// asksAgain says whether the app asks somebody to do again what it could not take: Temporal or Slack was too late
// for it.
func asksAgain(text string) bool {
	return strings.Contains(text, "could not be recorded right now") || strings.Contains(text, "can't be read from Slack right now")
}

// rests is what people do before they click again.
func rests(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(defaultBreath):
		return nil
	}
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

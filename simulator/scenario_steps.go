package simulator

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"fieldmarshal/prodege"
)

// exampleProject is live at $3.75 at most.
func exampleProject(id prodege.ProjectID, name string) Project {
	cpi, most := prodege.MustUSD("3.50"), prodege.MustUSD("3.75")
	return Project{
		ID: id, Name: name, ReferenceID: "PO-" + id.String(), Status: prodege.Live,
		CPI: &cpi, AvgCPI: &cpi, MaxCPI: &most, SampleSize: 400, ExpectedIR: 30, LOI: 12, ActualIR: 22, ActualLOI: 15,
		Quotas: []Quota{{ID: 1, Active: true, Respondents: 400, Completes: 120, Clicks: 900}},
	}
}

// scenarioNames are the projects of scenarios, as a buyer might name them.
var scenarioNames = []string{"Oat milk tracker UK", "New parents panel US", "Streaming habits DE", "Electric cars FR", "Pet food concept test"}

// open makes the scenario's project, unless it is there.
func (on *play) open() {
	if _, there := on.Prodege.Project(on.project); !there {
		on.Prodege.SetProject(exampleProject(on.project, scenarioNames[int(on.project)%len(scenarioNames)]))
	}
}

// waits tells where the step under way shows, and what is to be said if that does not come.
func (on *play) waits(at, of, lacks string) {
	on.lacks = lacks
	if on.watcher.Shows != nil {
		on.watcher.Shows(on.step, at, of)
	}
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

// Instead of an action id: whatever buttons a message has, or none.
const (
	anyButton = "any"
	noButton  = ""
)

// stands waits until a message about the project says something and offers a button, and keeps it.
func (on *play) stands(ctx context.Context, channel, text, button string) error {
	name := "#" + on.Slack.format("").names[channel]
	lacks := "no message came in " + name + " that says “" + text + "”"
	if on.message.TS == "" && channel == on.Cast.Approvals {
		lacks = "no request came in " + name
	}
	on.waits("#channel-"+channel, name, lacks)
	m, err := on.Slack.WaitMessage(ctx, channel, func(m Message) bool {
		return m.Thread == "" && on.reads(m, text) && (button == anyButton || button == noButton && len(Buttons(m)) == 0 || hasButton(m, button))
	})
	if err == nil {
		on.message = m
		on.waits("#"+messageAnchor(m.Channel, m.TS), "the message", lacks)
	}
	return err
}

// reads reports whether a message is about the project and says something, in small or capital letters.
func (on *play) reads(m Message, text string) bool {
	words := strings.ToLower(PlainText(m))
	return strings.Contains(words, on.project.String()) && strings.Contains(words, strings.ToLower(text))
}

func hasButton(m Message, action string) bool {
	for _, b := range Buttons(m) {
		if b.ActionID == action {
			return true
		}
	}
	return false
}

// clicks has somebody click a button of the message that was kept last, and waits for what comes of it: a message
// to them alone, a modal, or the button is gone. Who is told to do it again does so, as people do.
func (on *play) clicks(ctx context.Context, user, action string, value *string) error {
	channel, ts := on.message.Channel, on.message.TS
	on.waits("#"+messageAnchor(channel, ts), "the message", "nothing came of the click")
	for {
		before := on.Slack.sight(user, channel, ts)
		reply, err := on.Slack.Click(ctx, Click{User: user, Channel: channel, TS: ts, ActionID: action, Value: value, Stale: true})
		switch {
		case err != nil:
			return err
		case !reply.OK():
			return fmt.Errorf("the click was answered %d", reply.Status)
		}
		again := false
		err = on.Slack.await(ctx, "what comes of the click", func() bool {
			now := on.Slack.sight(user, channel, ts)
			gone := !on.offers(action)
			again = !gone && now.alone != before.alone && asksAgain(on.Slack.aloneWords(user))
			return gone || now.alone != before.alone || now.modal != "" && now.modal != before.modal
		})
		if err != nil || !again {
			return err
		}
		if err := pause(ctx, clickPause); err != nil {
			return err
		}
	}
}

// offers reports whether the message that was kept last still has a button.
func (on *play) offers(action string) bool {
	m, _ := on.Slack.Message(on.message.Channel, on.message.TS)
	return hasButton(m, action)
}

// submits has somebody click a button that opens a modal, and submit that; again if it could not be recorded.
func (on *play) submits(ctx context.Context, user, action string, values map[string]string) error {
	if err := on.clicks(ctx, user, action, nil); err != nil {
		return err
	}
	on.lacks = "no modal opened"
	view, err := on.Slack.WaitView(ctx, user, func(View) bool { return true })
	for err == nil {
		var out Submitted
		if out, err = on.Slack.Submit(ctx, view.ID, user, values); err != nil || out.Action != "errors" {
			return err
		}
		for _, text := range out.Errors {
			if !asksAgain(text) {
				return fmt.Errorf("the modal stays open: %v", out.Errors)
			}
		}
		err = pause(ctx, clickPause)
	}
	return err
}

// asksAgain reports whether the app asks somebody to do again what it could not take: Temporal or Slack was too late
// for it.
func asksAgain(text string) bool {
	return strings.Contains(text, "could not be recorded right now") || strings.Contains(text, "can't be read from Slack right now")
}

// clickPause is how long people wait before they click again.
const clickPause = 1200 * time.Millisecond

// told waits until somebody was told something alone.
func (on *play) told(ctx context.Context, user, text string) error {
	on.lacks = "a message to the person alone did not come"
	m, err := on.Slack.WaitEphemeral(ctx, user, func(m Message) bool { return on.reads(m, text) })
	if err == nil { // on the page of that person only
		on.waits("./?as="+user+"#"+messageAnchor(m.Channel, m.TS), "the message, as who sees it", on.lacks)
	}
	return err
}

// booked waits for the project's invoice of that revision.
func (on *play) booked(ctx context.Context, revision int) error {
	on.waits("#billing", "billing", "no call came to billing")
	_, err := on.Billing.WaitInvoice(ctx, func(i Invoice) bool { return i.Key == fmt.Sprintf("project-%s-invoice-r%d", on.project, revision) })
	return err
}

// keeps waits until the ingress keeps a delivery that Temporal does not have.
func (on *play) keeps(ctx context.Context) error {
	on.waits("#trouble", "the inbox", "the inbox did not keep the delivery")
	for on.Waiting != nil && on.Waiting() == 0 {
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

func (on *Stage) part(id string) *Part {
	for i := range on.Parts {
		if on.Parts[i].ID == id {
			return &on.Parts[i]
		}
	}
	return nil
}

// stops stops a part of the program, starts starts it again.
func (on *play) stops(ctx context.Context, id string) error {
	on.stopped = on.part(id)
	on.waits("#trouble", on.stopped.Name, on.stopped.Name+" did not stop")
	if on.watcher.Part != nil {
		on.watcher.Part(id)
	}
	return on.stopped.Stop(ctx)
}

func (on *play) starts(ctx context.Context) error {
	on.waits("#trouble", on.stopped.Name, on.stopped.Name+" did not start")
	if err := on.stopped.Start(ctx); err != nil {
		return err
	}
	on.stopped = nil
	if on.watcher.Part != nil {
		on.watcher.Part("")
	}
	return nil
}

// restart starts again what a scenario stopped that did not come to its end.
func (on *play) restart() error {
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

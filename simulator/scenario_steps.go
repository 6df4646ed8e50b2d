package simulator

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"fieldmarshal/prodege"
)

// Who acts in a step, and in which channel something shows.
func ann(c Cast) string       { return c.Approver }
func ben(c Cast) string       { return c.Second }
func eve(c Cast) string       { return c.Outsider }
func alerts(c Cast) string    { return c.Alerts }
func approvals(c Cast) string { return c.Approvals }
func finance(c Cast) string   { return c.Finance }

// tells has Prodege change the scenario's project and tell of it.
func tells(says string, event prodege.Event) Step {
	return Step{Says: says, Do: func(ctx context.Context, on *play) error { return on.tell(ctx, event) }}
}

func forCPI(amount string) prodege.Event {
	required := prodege.MustUSD(amount)
	return prodege.Event{Status: prodege.Paused, Reason: prodege.RealTimePricing, RequiredCPI: &required}
}

func pausedAs(reason prodege.Reason) prodege.Event {
	return prodege.Event{Status: prodege.Paused, Reason: reason}
}

func pauseFor(amount string) Step {
	return tells("Prodege pauses the project: it needs $"+amount+" per complete. The signed webhook stands under “Deliveries to the app”.", forCPI(amount))
}

func rise(amount string) Step {
	return tells("The price rises to $"+amount+" before anybody has decided.", forCPI(amount))
}

func allCompletesAreIn() Step {
	return tells("Prodege pauses the project: all completes are in (158).", pausedAs(prodege.SampleSize))
}

func resumedElsewhere() Step {
	return tells("Somebody resumes the project on Prodege's own pages, which ends the pause.", prodege.Event{Status: prodege.Live})
}

func reconciled(note string) prodege.Event {
	return prodege.Event{Status: prodege.Complete, Reason: prodege.ReconciliationComplete, ReconciliationNote: note}
}

func invoiced() Step {
	return tells("Prodege invoices the project, and the story is over.", prodege.Event{Status: prodege.Invoiced, Reason: prodege.Other})
}

// Instead of an action id: whatever buttons a message has, or none.
const (
	anyButton = "any"
	noButton  = ""
)

// stands waits for a message that says something and offers a button, and keeps it.
func stands(channel func(Cast) string, says, text, button string) Step {
	return Step{Says: says, Do: func(ctx context.Context, on *play) error { return on.stands(ctx, channel(on.Cast), text, button) }}
}

func asks(amount string) Step {
	return stands(approvals, "Fieldmarshal asks in #cpi-approvals, with what it costs and until when.", "approve a cpi of $"+amount, pressApprove)
}

func live(amount string) Step {
	return stands(approvals, "Live again, on the same message.", "live again at $"+amount, noButton)
}

// clicks has somebody click a button of the message that was kept last.
func clicks(who func(Cast) string, says, button string) Step {
	return Step{Says: says, Do: func(ctx context.Context, on *play) error { return on.clicks(ctx, who(on.Cast), button, nil) }}
}

func approves(says string) Step { return clicks(ann, says, pressApprove) }

// submits has somebody click a button that opens a modal, fill in a field, and submit it.
func submits(who func(Cast) string, says, button, field, text string) Step {
	return Step{Says: says, Do: func(ctx context.Context, on *play) error {
		return on.submits(ctx, who(on.Cast), button, map[string]string{field: text})
	}}
}

// accepted waits until Prodege has the project live.
func accepted(says string) Step {
	return Step{Says: says, Do: func(ctx context.Context, on *play) error { return on.live(ctx) }}
}

func booked(says string, revision int) Step {
	return Step{Says: says, Do: func(ctx context.Context, on *play) error { return on.booked(ctx, revision) }}
}

func accepting(now bool) Step {
	return Step{Says: "The kill switch is turned.", Do: func(ctx context.Context, on *play) error { return on.Operator.Accepting(ctx, now) }}
}

func cancelled() Step {
	return Step{Says: "Somebody cancels the workflow in Temporal.", Do: func(ctx context.Context, on *play) error {
		return on.Operator.Cancel(ctx, on.project)
	}}
}

func repeat(n int, do func(int) error) error {
	for i := range n {
		if err := do(i); err != nil {
			return err
		}
	}
	return nil
}

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

// tell changes the scenario's project, making it if it is not there, and checks that the delivery was answered 200.
func (on *play) tell(ctx context.Context, event prodege.Event, how ...How) error {
	if _, there := on.Prodege.Project(on.project); !there {
		on.Prodege.SetProject(exampleProject(on.project, scenarioNames[int(on.project)%len(scenarioNames)]))
	}
	on.waits("#exchanges", "the delivery", "the delivery was not answered 200")
	event.ProjectID = on.project
	e, err := on.Prodege.Tell(ctx, event, how...)
	if err == nil && e.Status() != http.StatusOK && !one(how).Quiet {
		err = fmt.Errorf("the webhook was answered %d", e.Status())
	}
	return err
}

// waits tells where the step under way shows, and what is to be said if that does not come.
func (on *play) waits(at, of, lacks string) {
	on.lacks = lacks
	on.now.At, on.now.Of = at, of
	on.watch(on.now)
}

// live waits until Prodege has the project live.
func (on *play) live(ctx context.Context) error {
	on.waits("#calls", "the calls", "the project did not go live at Prodege")
	return on.Prodege.await(ctx, "the project to be live", func() bool {
		project, _ := on.Prodege.Project(on.project)
		return project.Status == prodege.Live
	})
}

// stands waits until a message about the project says something and offers a button, and keeps it.
func (on *play) stands(ctx context.Context, channel, text, button string) error {
	name := "#" + on.Slack.format("").names[channel]
	lacks := "no message came in " + name + " that says “" + text + "”"
	if on.now.Message.TS == "" && channel == on.Cast.Approvals {
		lacks = "no request came in " + name
	}
	on.waits("#channel-"+channel, name, lacks)
	m, err := on.Slack.WaitMessage(ctx, channel, func(m Message) bool {
		return m.Thread == "" && says(m, on.project.String()) && says(m, text) &&
			(button == anyButton || button == noButton && len(Buttons(m)) == 0 || hasButton(m, button))
	})
	if err == nil {
		on.now.Message = m
		on.waits("#"+messageAnchor(m.Channel, m.TS), "the message", lacks)
	}
	return err
}

// says reports whether a message says something, in small or capital letters.
func says(m Message, text string) bool {
	return strings.Contains(strings.ToLower(PlainText(m)), strings.ToLower(text))
}

func hasButton(m Message, action string) bool {
	return slices.ContainsFunc(Buttons(m), func(b Element) bool { return b.ActionID == action })
}

// clicks has somebody click a button of the message that was kept last, and waits for what comes of it: a message
// to them alone, a modal, or the button is gone. Who is told to do it again does so, as people do.
func (on *play) clicks(ctx context.Context, user, action string, value *string) error {
	channel, ts := on.now.Message.Channel, on.now.Message.TS
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
		var now sight
		gone := false
		err = on.Slack.await(ctx, "what comes of the click", func() bool {
			now = on.Slack.sight(user, channel, ts)
			gone = !on.offers(action)
			return gone || now.alone != before.alone || now.opened(before)
		})
		if err != nil || gone || now.alone == before.alone || !asksAgain(on.Slack.aloneWords(user)) {
			return err
		}
		if err := pause(ctx, clickPause); err != nil {
			return err
		}
	}
}

// offers reports whether the message that was kept last still has a button.
func (on *play) offers(action string) bool {
	m, _ := on.Slack.Message(on.now.Message.Channel, on.now.Message.TS)
	return hasButton(m, action)
}

// submits has somebody click a button that opens a modal, and submit that; again if it could not be recorded.
func (on *play) submits(ctx context.Context, user, action string, values map[string]string) error {
	if err := on.clicks(ctx, user, action, nil); err != nil {
		return err
	}
	on.lacks = "no modal opened"
	view, err := wait(ctx, &on.Slack.news, "a modal", func() []View { return on.Slack.Views(user) }, func(View) bool { return true })
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
	m, err := on.Slack.WaitEphemeral(ctx, user, func(m Message) bool { return says(m, on.project.String()) && says(m, text) })
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

// stops stops a part of the program.
func (on *play) stops(ctx context.Context, id string) error {
	part := on.part(id)
	on.now.Stopped = id
	on.waits("#trouble", part.Name, part.Name+" did not stop")
	return part.Stop(ctx)
}

// starts starts again what the scenario stopped.
func (on *play) starts(ctx context.Context) error {
	part := on.part(on.now.Stopped)
	on.waits("#trouble", part.Name, part.Name+" did not start")
	err := part.Start(ctx)
	if err == nil {
		on.now.Stopped = ""
	}
	return err
}

// restart starts again what a scenario stopped that did not come to its end.
func (on *play) restart() error {
	if on.now.Stopped == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), partLimit)
	defer cancel()
	if err := on.starts(ctx); err != nil {
		return fmt.Errorf("and what it had stopped does not start again: %w", err)
	}
	return nil
}

// everyReason sends one event of each reason, late and double ones, and a status that nobody knows.
func everyReason(ctx context.Context, on *play) error {
	for _, r := range []prodege.Reason{113, 156, 158, 207, 222, 244, 999, 4711} {
		if err := on.tell(ctx, pausedAs(r), How{Copies: 2}); err != nil {
			return err
		}
	}
	for _, one := range []struct {
		event prodege.Event
		how   How
	}{
		{event: prodege.Event{Status: prodege.Live}},
		{event: pausedAs(158)},
		{event: pausedAs(113), how: How{Time: time.Now().Add(-time.Hour)}},
		{event: prodege.Event{Status: prodege.Paused, Reason: prodege.Other, Description: prodege.DescriptionRejection, RejectionNote: "count again"}},
		{event: prodege.Event{Status: prodege.PendingComplete, Reason: prodege.ReconciliationTried, ReconciliationNote: "12 removed"}},
		{event: prodege.Event{Status: "ARCHIVED"}},
	} {
		if err := on.tell(ctx, one.event, one.how); err != nil {
			return err
		}
	}
	return nil
}

// burst pauses more projects than Slack takes messages of in a minute, and waits until all of them are told of.
func burst(ctx context.Context, on *play) error {
	const projects = 12
	wanted := []string{"paused faster than Slack accepts messages"}
	for range projects {
		if err := on.tell(ctx, pausedAs(prodege.SampleSize)); err != nil {
			return err
		}
		wanted = append(wanted, on.project.String())
		on.project++
	}
	on.lacks = "not every pause was told"
	_, err := on.Slack.WaitMessage(ctx, on.Cast.Alerts, func(Message) bool {
		var all strings.Builder
		for _, m := range on.Slack.AllMessages(on.Cast.Alerts) {
			all.WriteString(PlainText(m))
		}
		return !slices.ContainsFunc(wanted, func(text string) bool { return !strings.Contains(all.String(), text) })
	})
	return err
}

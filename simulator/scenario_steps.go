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

// doing is what happens in a step, or what is waited for.
type doing func(context.Context, *play) error

// all does one thing after the other.
func all(doings ...doing) doing {
	return repeat(len(doings), func(i int) doing { return doings[i] })
}

func repeat(n int, each func(int) doing) doing {
	return func(ctx context.Context, on *play) error {
		for i := range n {
			if err := each(i)(ctx, on); err != nil {
				return err
			}
		}
		return nil
	}
}

// Who acts in a step, and in which channel something shows.
func ann(c Cast) string       { return c.Approver }
func ben(c Cast) string       { return c.Second }
func eve(c Cast) string       { return c.Outsider }
func alerts(c Cast) string    { return c.Alerts }
func approvals(c Cast) string { return c.Approvals }
func finance(c Cast) string   { return c.Finance }

// Events of the scenario's project.
var (
	goesLive       = prodege.Event{Status: prodege.Live}
	allCompletesIn = pausedAs(prodege.SampleSize)
	supportPauses  = pausedAs(prodege.SupportAgent)
)

func pausedAs(reason prodege.Reason) prodege.Event {
	return prodege.Event{Status: prodege.Paused, Reason: reason}
}

func forCPI(amount string) prodege.Event {
	required := prodege.MustUSD(amount)
	return prodege.Event{Status: prodege.Paused, Reason: prodege.RealTimePricing, RequiredCPI: &required}
}

func reconciling(note string) prodege.Event {
	return prodege.Event{Status: prodege.PendingComplete, Reason: prodege.ReconciliationTried, ReconciliationNote: note}
}

func reconciled(note string) prodege.Event {
	return prodege.Event{Status: prodege.Complete, Reason: prodege.ReconciliationComplete, ReconciliationNote: note}
}

// Steps that stand in many scenarios.
var (
	resumedElsewhere = Step{Says: "Somebody resumes the project on Prodege's own pages, which ends the pause.", Do: tell(goesLive)}
	completesAreIn   = Step{Says: "Prodege pauses the project: all completes are in (158).", Do: tell(allCompletesIn)}
	invoiced         = Step{Says: "Prodege invoices the project, and the story is over.", Do: tell(prodege.Event{Status: prodege.Invoiced, Reason: prodege.Other})}
	cancelled        = Step{Says: "Somebody cancels the workflow in Temporal.", Do: cancel}
)

func pauseFor(amount string) Step {
	return Step{Says: "Prodege pauses the project: it needs $" + amount + " per complete. The signed webhook stands under “Deliveries to the app”.", Do: tell(forCPI(amount))}
}

func rise(amount string) Step {
	return Step{Says: "The price rises to $" + amount + " before anybody has decided.", Do: tell(forCPI(amount))}
}

func asks(amount string) Step {
	return Step{Says: "Fieldmarshal asks in #cpi-approvals, with what it costs and until when.", Do: stands(approvals, "approve a cpi of $"+amount, pressApprove)}
}

func approves(says string) Step { return Step{Says: says, Do: clicks(ann, pressApprove)} }

func liveAgain(amount string) Step {
	return Step{Says: "Live again, on the same message.", Do: stands(approvals, "live again at $"+amount, noButton)}
}

// tell changes the scenario's project, making it if it is not there, and checks that the delivery was answered 200.
func tell(event prodege.Event, how ...How) doing {
	return func(ctx context.Context, on *play) error {
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
}

// waits tells where the step under way shows, and what is to be said if that does not come.
func (on *play) waits(at, of, lacks string) {
	on.lacks = lacks
	on.now.At, on.now.Of = at, of
	on.watch(on.now)
}

// isLive waits until Prodege has the project live.
func isLive(ctx context.Context, on *play) error {
	on.waits("#calls", "the calls", "the project did not go live at Prodege")
	return on.Prodege.await(ctx, "the project to be live", func() bool {
		project, _ := on.Prodege.Project(on.project)
		return project.Status == prodege.Live
	})
}

// Instead of an action id: whatever buttons a message has, or none.
const (
	anyButton = "any"
	noButton  = ""
)

// stands waits until a message about the project says something and offers a button, and keeps it.
func stands(in func(Cast) string, text, button string) doing {
	return func(ctx context.Context, on *play) error {
		channel := in(on.Cast)
		name := "#" + on.Slack.format("").names[channel]
		lacks := "no message came in " + name + " that says “" + text + "”"
		if on.now.Message.TS == "" && channel == on.Cast.Approvals {
			lacks = "no request came in " + name
		}
		on.waits("#channel-"+channel, name, lacks)
		m, err := on.Slack.WaitMessage(ctx, channel, func(m Message) bool {
			return m.Thread == "" && says(m, on.project.String()) && says(m, text) &&
				(button == anyButton || button == noButton && len(Buttons(m)) == 0 || buttonOf(m, button) != nil)
		})
		if err == nil {
			on.before, on.now.Message = on.now.Message, m
			on.waits("#"+messageAnchor(m.Channel, m.TS), "the message", lacks)
		}
		return err
	}
}

// says reports whether a message says something, in small or capital letters.
func says(m Message, text string) bool {
	return strings.Contains(strings.ToLower(PlainText(m)), strings.ToLower(text))
}

func buttonOf(m Message, action string) *Element {
	return find(Buttons(m), func(b Element) bool { return b.ActionID == action })
}

// clicks has somebody click a button of the message that was kept last.
func clicks(who func(Cast) string, action string) doing {
	return func(ctx context.Context, on *play) error { return on.clicks(ctx, who(on.Cast), action, nil) }
}

// clicksOld has somebody click a button of the message as it was kept before.
func clicksOld(who func(Cast) string, action string) doing {
	return func(ctx context.Context, on *play) error {
		return on.clicks(ctx, who(on.Cast), action, &buttonOf(on.before, action).Value)
	}
}

// clicks waits for what comes of a click: a message to them alone, a modal, or the button is gone. Who is told to do it
// again does so, as people do.
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
			m, _ := on.Slack.Message(channel, ts)
			gone = buttonOf(m, action) == nil
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

// submits has somebody click a button that opens a modal, fill in a field, and submit that; again if it could not be
// recorded.
func submits(who func(Cast) string, action, field, text string) doing {
	return func(ctx context.Context, on *play) error {
		user := who(on.Cast)
		if err := on.clicks(ctx, user, action, nil); err != nil {
			return err
		}
		on.lacks = "no modal opened"
		view, err := wait(ctx, &on.Slack.news, "a modal", func() []View { return on.Slack.Views(user) }, func(View) bool { return true })
		for err == nil {
			var out Submitted
			if out, err = on.Slack.Submit(ctx, view.ID, user, map[string]string{field: text}); err != nil || out.Action != "errors" {
				return err
			}
			for _, fault := range out.Errors {
				if !asksAgain(fault) {
					return fmt.Errorf("the modal stays open: %v", out.Errors)
				}
			}
			err = pause(ctx, clickPause)
		}
		return err
	}
}

// asksAgain reports whether the app asks somebody to do again what it could not take: Temporal or Slack was too late
// for it.
func asksAgain(text string) bool {
	return strings.Contains(text, "could not be recorded right now") || strings.Contains(text, "can't be read from Slack right now")
}

// clickPause is how long people wait before they click again.
const clickPause = 1200 * time.Millisecond

// told waits until somebody was told something alone.
func told(who func(Cast) string, text string) doing {
	return func(ctx context.Context, on *play) error {
		user := who(on.Cast)
		on.lacks = "a message to the person alone did not come"
		m, err := on.Slack.WaitEphemeral(ctx, user, func(m Message) bool { return says(m, on.project.String()) && says(m, text) })
		if err == nil { // on the page of that person only
			on.waits("./?as="+user+"#"+messageAnchor(m.Channel, m.TS), "the message, as who sees it", on.lacks)
		}
		return err
	}
}

// booked waits for the project's invoice of that revision.
func booked(revision int) doing {
	return func(ctx context.Context, on *play) error {
		on.waits("#billing", "billing", "no call came to billing")
		_, err := on.Billing.WaitInvoice(ctx, func(i Invoice) bool { return i.Key == fmt.Sprintf("project-%s-invoice-r%d", on.project, revision) })
		return err
	}
}

// keeps waits until the ingress keeps a delivery that Temporal does not have.
func keeps(ctx context.Context, on *play) error {
	on.waits("#trouble", "the inbox", "the inbox did not keep the delivery")
	for on.Waiting != nil && on.Waiting() == 0 {
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// stops stops a part of the program.
func stops(id string) doing {
	return func(ctx context.Context, on *play) error {
		part := on.part(id)
		on.now.Stopped = id
		on.waits("#trouble", part.Name, part.Name+" did not stop")
		return part.Stop(ctx)
	}
}

// starts starts again what the scenario stopped.
func starts(ctx context.Context, on *play) error {
	part := on.part(on.now.Stopped)
	on.waits("#trouble", part.Name, part.Name+" did not start")
	err := part.Start(ctx)
	if err == nil {
		on.now.Stopped = ""
	}
	return err
}

func accepting(now bool) doing {
	return func(ctx context.Context, on *play) error { return on.Operator.Accepting(ctx, now) }
}

func cancel(ctx context.Context, on *play) error { return on.Operator.Cancel(ctx, on.project) }

// burst pauses more projects than Slack takes messages of in a minute, and waits until all of them are told of.
func burst(ctx context.Context, on *play) error {
	const projects = 12
	wanted := []string{"paused faster than Slack accepts messages"}
	for range projects {
		if err := tell(allCompletesIn)(ctx, on); err != nil {
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

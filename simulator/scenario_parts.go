package simulator

import (
	"context"
	"fmt"
	"strings"
	"time"

	"fieldmarshal/prodege"
)

// pauseFor pauses the scenario's project until a required CPI is accepted.
func pauseFor(amount string) Step {
	return Step{Says: "Prodege pauses the project: it needs $" + amount + " per complete. The signed webhook stands under “Deliveries to the app”.", Do: func(ctx context.Context, on *play) error {
		on.open()
		return on.sent(on.Prodege.PauseForCPI(ctx, on.project, prodege.MustUSD(amount)))
	}}
}

// rise asks for more in the same pause.
func rise(amount string) Step {
	return Step{Says: "The price rises to $" + amount + " before anybody has decided.", Do: func(ctx context.Context, on *play) error {
		return on.sent(on.Prodege.ChangePrice(ctx, on.project, prodege.MustUSD(amount)))
	}}
}

// pausedAs pauses the project for another reason.
func pausedAs(says string, reason prodege.Reason) Step {
	return Step{Says: says, Do: func(ctx context.Context, on *play) error {
		on.open()
		return on.sent(on.Prodege.Pause(ctx, on.project, reason))
	}}
}

// resumedElsewhere makes the project live on Prodege's own pages.
func resumedElsewhere() Step {
	return Step{Says: "Somebody resumes the project on Prodege's own pages, which ends the pause.", Do: func(ctx context.Context, on *play) error {
		return on.sent(on.Prodege.Live(ctx, on.project))
	}}
}

func complete(says, note string) Step {
	return Step{Says: says, Do: func(ctx context.Context, on *play) error {
		return on.sent(on.Prodege.Complete(ctx, on.project, prodege.ReconciliationComplete, note))
	}}
}

func invoiced() Step {
	return Step{Says: "Prodege invoices the project, and the story is over.", Do: func(ctx context.Context, on *play) error {
		return on.sent(on.Prodege.Invoice(ctx, on.project))
	}}
}

// request waits for what the request says and offers; alert and finance for a message in their channels.
func request(says, text, button string) Step {
	return shown(says, text, button, func(c Cast) string { return c.Approvals })
}

func alert(says, text, button string) Step {
	return shown(says, text, button, func(c Cast) string { return c.Alerts })
}

func finance(says, text, button string) Step {
	return shown(says, text, button, func(c Cast) string { return c.Finance })
}

func shown(says, text, button string, channel func(Cast) string) Step {
	return Step{Says: says, Do: func(ctx context.Context, on *play) error { return on.stands(ctx, channel(on.Cast), text, button) }}
}

// asks waits for the request.
func asks(amount string) Step {
	return request("Fieldmarshal asks in #cpi-approvals, with what it costs and until when.", "approve a cpi of $"+amount, pressApprove)
}

// live waits for the request's last words.
func live(amount string) Step {
	return request("Live again, on the same message.", "live again at $"+amount, noButton)
}

func approves(says string) Step {
	return Step{Says: says, Do: func(ctx context.Context, on *play) error {
		return on.clicks(ctx, on.Cast.Approver, pressApprove, nil)
	}}
}

// accepted waits until Prodege has the project live.
func accepted(says string) Step {
	return Step{Says: says, Do: func(ctx context.Context, on *play) error {
		on.waits("#calls", "the calls", "the project did not go live at Prodege")
		return on.Prodege.WaitStatus(ctx, on.project, prodege.Live)
	}}
}

func accepting(now bool) Step {
	return Step{Says: "The kill switch is turned.", Do: func(ctx context.Context, on *play) error { return on.Operator.Accepting(ctx, now) }}
}

func cancel() Step {
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

// says reports whether a message says something, in small or capital letters.
func says(m Message, text string) bool {
	return strings.Contains(strings.ToLower(PlainText(m)), text)
}

// everyReason sends one event of each reason, late and double ones, and a status that nobody knows.
func everyReason(ctx context.Context, on *play) error {
	on.open()
	for _, r := range []prodege.Reason{113, 156, 158, 207, 222, 244, 999, 4711} {
		if err := on.sent(on.Prodege.Pause(ctx, on.project, r, How{Copies: 2})); err != nil {
			return err
		}
	}
	for _, send := range []func() (Exchange, error){
		func() (Exchange, error) { return on.Prodege.Live(ctx, on.project) },
		func() (Exchange, error) { return on.Prodege.Pause(ctx, on.project, 158) },
		func() (Exchange, error) {
			return on.Prodege.Pause(ctx, on.project, 113, How{Time: time.Now().Add(-time.Hour)})
		},
		func() (Exchange, error) { return on.Prodege.RejectReconciliation(ctx, on.project, "count again") },
		func() (Exchange, error) { return on.Prodege.PendingComplete(ctx, on.project, "12 removed") },
		func() (Exchange, error) {
			return on.Prodege.Tell(ctx, prodege.Event{ProjectID: on.project, Status: "ARCHIVED"})
		},
	} {
		if err := on.sent(send()); err != nil {
			return err
		}
	}
	return nil
}

// burst pauses more projects than Slack takes messages of in a minute, and waits until all of them are told of.
func burst(ctx context.Context, on *play) error {
	const projects = 12
	first := on.project
	for id := first; id < first+projects; id++ {
		on.Prodege.SetProject(exampleProject(id, "Burst "+id.String()))
		if err := on.sent(on.Prodege.Pause(ctx, id, prodege.SampleSize)); err != nil {
			return err
		}
	}
	on.lacks = "not every pause was told"
	_, err := on.Slack.WaitMessage(ctx, on.Cast.Alerts, func(Message) bool {
		var all strings.Builder
		for _, m := range on.Slack.AllMessages(on.Cast.Alerts) {
			all.WriteString(PlainText(m))
		}
		for id := first; id < first+projects; id++ {
			if !strings.Contains(all.String(), id.String()) {
				return false
			}
		}
		return strings.Contains(all.String(), "paused faster than Slack accepts messages")
	})
	if err != nil {
		return fmt.Errorf("wait for every pause to be told: %w", err)
	}
	return nil
}

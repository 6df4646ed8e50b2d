package simulator

import (
	"context"

	"fieldmarshal/prodege"
)

// Action ids of the app's buttons, as they stand in its messages.
const (
	pressApprove  = "cpi_approve"
	pressTryAgain = "cpi_try_again"
	pressSample   = "act_sample"
)

var scenarios = []scenario{
	{id: "approved", title: "A CPI pause, approved", about: "Prodege asks for a higher price; the wrong person clicks, then the right one, and the project is live again.", steps: []step{
		pausesFor("4.25"),
		asksFor("$4.25"),
		{"Eve, who is on no list, clicks Approve. She alone is told that it does not count.", func(ctx context.Context, on *play) error {
			if err := on.clicks(ctx, on.Cast.Outsider, pressApprove, nil); err != nil {
				return err
			}
			return on.told(ctx, on.Cast.Outsider, "did not count")
		}},
		approves("Ann clicks Approve $4.25. Her decision is recorded, and the buttons go."),
		{"The project is read once more, then max_cpi=4.25 and status=LIVE go to Prodege: see “Calls from the app”.", accepts},
		{"Prodege tells that it is live, and the same message ends the story.", ends("live again at $4.25")},
	}},
	{id: "refused", title: "Approved, but refused", about: "Prodege refuses what was approved; the message says why, and somebody tries again.", steps: []step{
		{"Prodege will refuse the next change of this project with code 2010: our account may not set its CPI.", func(_ context.Context, on *play) error {
			on.waits("#trouble", "the fault", "")
			on.Prodege.Inject(Fault{Kind: AnswerCode, Code: "2010", Method: "project-update", Project: on.project.String(),
				label: "Prodege: the next change of project " + on.project.String() + " is refused (2010)"})
			return nil
		}},
		pausesFor("4.25"),
		asksFor("$4.25"),
		approves("Ann clicks Approve $4.25."),
		{"Prodege refuses. The message says so, with the code in words, and offers “Try again”.", func(ctx context.Context, on *play) error {
			return on.stands(ctx, on.Cast.Approvals, "Prodege refused $4.25", 2)
		}},
		{"The account is mended meanwhile, and Ben clicks Try again.", func(ctx context.Context, on *play) error {
			return on.clicks(ctx, on.Cast.Second, pressTryAgain, nil)
		}},
		{"This time Prodege takes it.", accepts},
		{"Live again, on the same message.", ends("live again at $4.25")},
	}},
	{id: "superseded", title: "Superseded twice", about: "The price rises while people think; buttons of an older amount count for nothing.", steps: []step{
		pausesFor("4.25"),
		asksFor("$4.25"),
		rises("4.50"),
		{"The same message now asks for $4.50, and its thread says so, as edits notify nobody.", func(ctx context.Context, on *play) error {
			return on.stands(ctx, on.Cast.Approvals, "approve a newer cpi of $4.50", 4)
		}},
		{"Ann clicks on what her screen still shows, which by now belongs to an older amount. She is told so; nothing is sent.", func(ctx context.Context, on *play) error {
			old := Buttons(on.message)[0].Value
			if err := on.sent(on.Prodege.ChangePrice(ctx, on.project, prodege.MustUSD("4.75"))); err != nil {
				return err
			}
			if err := on.stands(ctx, on.Cast.Approvals, "approve a newer cpi of $4.75", 4); err != nil {
				return err
			}
			if err := on.clicks(ctx, on.Cast.Approver, pressApprove, &old); err != nil {
				return err
			}
			return on.told(ctx, on.Cast.Approver, "older amount")
		}},
		approves("She looks again, and approves $4.75."),
		{"Only this amount goes to Prodege.", accepts},
		{"Live again, on the same message.", ends("live again at $4.75")},
	}},
	{id: "acted", title: "More completes, from the alert", about: "The sample size is reached; somebody raises it without leaving Slack.", steps: []step{
		{"Prodege pauses the project: all completes are in (158).", func(ctx context.Context, on *play) error {
			on.opens("more completes")
			return on.sent(on.Prodege.Pause(ctx, on.project, prodege.SampleSize))
		}},
		{"The alert tells what it means, and offers what can be done about it.", func(ctx context.Context, on *play) error {
			return on.stands(ctx, on.Cast.Alerts, "sample size reached", 2)
		}},
		{"Ann clicks “Raise sample size…”, and writes 500 in the modal, which tells what a complete costs.", func(ctx context.Context, on *play) error {
			if err := on.clicks(ctx, on.Cast.Approver, pressSample, nil); err != nil {
				return err
			}
			on.lacks = "no modal opened"
			view, err := on.Slack.WaitView(ctx, on.Cast.Approver, func(v View) bool { return v.Title == "Raise sample size" })
			if err != nil {
				return err
			}
			return on.enters(ctx, view, on.Cast.Approver, map[string]string{"number/value": "500"})
		}},
		{"sample_size=500 and status=LIVE go to Prodege in one call.", accepts},
		{"The alert closes: who did what, and how long it stood still.", func(ctx context.Context, on *play) error {
			return on.stands(ctx, on.Cast.Alerts, "live again", 0)
		}},
	}},
	{id: "invoiced", title: "From completion to the invoice", about: "Reconciliation, COMPLETE, one signed call to billing, and Prodege's own invoice.",
		needs: func(p *page) bool { return p.Billing != nil }, steps: []step{
			{"The reconciliation is handed in: the project is PENDING_COMPLETE, and nothing is invoiced yet.", func(ctx context.Context, on *play) error {
				on.opens("to the invoice")
				return on.sent(on.Prodege.PendingComplete(ctx, on.project, "Reconciliation file received"))
			}},
			{"People are told in #survey-alerts.", func(ctx context.Context, on *play) error {
				return on.stands(ctx, on.Cast.Alerts, "reconciliation", -1)
			}},
			{"Prodege takes it: COMPLETE (903).", func(ctx context.Context, on *play) error {
				return on.sent(on.Prodege.Complete(ctx, on.project, prodege.ReconciliationComplete, "388 of 400 accepted"))
			}},
			{"Billing gets one signed call with an idempotency key: see “Billing”.", func(ctx context.Context, on *play) error {
				on.waits("#billing", "billing", "no call came to billing")
				_, err := on.Billing.WaitInvoice(ctx, func(i Invoice) bool { return i.Key == "project-"+on.project.String()+"-invoice-r1" })
				return err
			}},
			{"Prodege invoices the project, and the story is over.", func(ctx context.Context, on *play) error {
				return on.sent(on.Prodege.Invoice(ctx, on.project))
			}},
		}},
	{id: "outage", title: "Temporal is away", about: "Deliveries are answered and kept on disk while Temporal is stopped, and acted on when it is back.",
		needs: func(p *page) bool { return p.part("temporal") != nil }, steps: []step{
			{"Temporal is stopped.", func(ctx context.Context, on *play) error { return on.stops(ctx, "temporal") }},
			pausesFor("4.25"),
			{"It was answered 200 all the same: the delivery is on disk, in the ingress' inbox.", func(ctx context.Context, on *play) error {
				return on.keeps(ctx)
			}},
			{"Temporal is started again. The inbox hands on what it kept.", func(ctx context.Context, on *play) error { return on.starts(ctx) }},
			asksFor("$4.25"),
			approves("Ann clicks Approve $4.25."),
			{"Prodege takes it.", accepts},
			{"Nothing was lost, and nothing done twice.", ends("live again at $4.25")},
		}},
}

// pausesFor pauses the scenario's project until a required CPI is accepted.
func pausesFor(amount string) step {
	return step{"Prodege pauses the project: it needs $" + amount + " a complete. The signed webhook stands under “Deliveries to the app”.", func(ctx context.Context, on *play) error {
		if _, there := on.Prodege.Project(on.project); !there {
			on.opens("a CPI pause")
		}
		return on.sent(on.Prodege.PauseForCPI(ctx, on.project, prodege.MustUSD(amount)))
	}}
}

// rises asks for more in the same pause.
func rises(amount string) step {
	return step{"The price rises to $" + amount + " before anybody has decided.", func(ctx context.Context, on *play) error {
		return on.sent(on.Prodege.ChangePrice(ctx, on.project, prodege.MustUSD(amount)))
	}}
}

// asksFor waits for the request.
func asksFor(dollars string) step {
	return step{"Fieldmarshal asks in #cpi-approvals, with what it costs and until when.", func(ctx context.Context, on *play) error {
		return on.stands(ctx, on.Cast.Approvals, "approve a cpi of "+dollars, 4)
	}}
}

func approves(says string) step {
	return step{says, func(ctx context.Context, on *play) error { return on.clicks(ctx, on.Cast.Approver, pressApprove, nil) }}
}

// accepts waits until Prodege has the project live.
func accepts(ctx context.Context, on *play) error {
	on.waits("#calls", "the calls", "the project did not go live at Prodege")
	return on.Prodege.WaitStatus(ctx, on.project, prodege.Live)
}

// ends waits for the request's last words, without buttons.
func ends(text string) func(context.Context, *play) error {
	return func(ctx context.Context, on *play) error { return on.stands(ctx, on.Cast.Approvals, text, 0) }
}

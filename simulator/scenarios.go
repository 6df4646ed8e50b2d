package simulator

import (
	"context"
	"fmt"
	"time"

	"fieldmarshal/prodege"
)

// Action ids of the app's buttons and fields of its modals, as they stand in its messages.
const (
	pressApprove  = "cpi_approve"
	pressReject   = "cpi_reject"
	pressTryAgain = "cpi_try_again"
	pressAskAgain = "cpi_ask_again"
	pressClose    = "cpi_close"
	pressSample   = "act_sample"
	pressInvoiced = "invoice_mark"
	pressInvoice  = "invoice_send"

	fieldReason = "reason/value"
	fieldNumber = "number/value"
)

// The workflow types whose histories are recorded.
var (
	ofProject           = []string{"Project"}
	ofControlAndProject = []string{"Control", "Project"}
	ofDigest            = []string{"Digest"}
	ofReport            = []string{"Report"}
)

// Scenarios are all that are played, on the page and in tests, in the page's order. Each recorded history has its
// scenario here; Env, Worker and Needs say which of them the page can't play.
var Scenarios = []Scenario{
	{Name: "approved", Title: "A CPI pause, approved", About: "The wrong person clicks, then the right one, and the project is live again.", Histories: ofProject, Steps: []Step{
		pauseFor("4.25"),
		asks("4.25").pictured("asked"),
		{Says: "Eve, who is on no list, clicks Approve. She alone is told that it does not count.", Do: func(ctx context.Context, on *play) error {
			if err := on.clicks(ctx, on.Cast.Outsider, pressApprove, nil); err != nil {
				return err
			}
			return on.told(ctx, on.Cast.Outsider, "did not count")
		}},
		approves("Ann clicks Approve $4.25. Her decision is recorded, and the buttons go."),
		accepted("The project is read once more, then max_cpi=4.25 and status=LIVE go to Prodege: see “Calls from the app”."),
		stands(approvals, "The same message says who approved, and waits for Prodege to confirm.", "approved", noButton).pictured("approved"),
		stands(approvals, "Prodege tells that it is live, and the same message ends the story.", "live again at $4.25", noButton).pictured("live"),
	}},
	{Name: "rejected", Title: "A CPI pause, rejected", About: "Somebody says no and why. Asking again stays possible.", Histories: ofProject, Steps: []Step{
		pauseFor("4.25"),
		asks("4.25"),
		submits(ann, "Ann clicks Reject…, and writes why.", pressReject, fieldReason, "Over the client's budget"),
		stands(approvals, "The message says who rejected it and why. Nothing is sent to Prodege.", "rejected", anyButton).pictured("rejected"),
		resumedElsewhere(),
	}},
	{Name: "superseded", Title: "Superseded twice", About: "The price rises while people think; an older amount counts for nothing.", Histories: ofProject, Steps: []Step{
		pauseFor("4.25"),
		asks("4.25"),
		rise("4.50"),
		stands(approvals, "The same message now asks for $4.50, and its thread says so, as edits notify nobody.", "approve a newer cpi of $4.50", pressApprove).pictured("superseded"),
		{Says: "Ann clicks on what her screen still shows, which by now belongs to an older amount. She is told so; nothing is sent.", Do: func(ctx context.Context, on *play) error {
			old := Buttons(on.now.Message)[0].Value
			if err := on.tell(ctx, forCPI("4.75")); err != nil {
				return err
			}
			if err := on.stands(ctx, on.Cast.Approvals, "approve a newer cpi of $4.75", pressApprove); err != nil {
				return err
			}
			if err := on.clicks(ctx, on.Cast.Approver, pressApprove, &old); err != nil {
				return err
			}
			return on.told(ctx, on.Cast.Approver, "$4.75")
		}},
		approves("She looks again, and approves $4.75."),
		accepted("Only this amount goes to Prodege."),
		live("4.75"),
	}},
	{Name: "refused-tried-again", Title: "Approved, but refused", About: "Prodege refuses; the message says why, and somebody tries again.", Histories: ofProject, Steps: []Step{
		{Says: "Prodege will refuse the next change of this project with code 2010: our account may not set its CPI.", Do: func(_ context.Context, on *play) error {
			on.waits("#trouble", "the fault", "")
			on.Prodege.Inject(Fault{Kind: AnswerCode, Code: "2010", Method: "project-update", Project: on.project.String(),
				Name: "Prodege: the next change of project " + on.project.String() + " is refused (2010)"})
			return nil
		}},
		pauseFor("4.25"),
		asks("4.25"),
		approves("Ann clicks Approve $4.25."),
		stands(approvals, "Prodege refuses. The message says so, with the code in words, and offers “Try again”.", "prodege refused $4.25", pressTryAgain).pictured("refused"),
		clicks(ben, "The account is put right meanwhile, and Ben clicks Try again.", pressTryAgain),
		accepted("This time Prodege takes it."),
		live("4.25"),
	}},
	{Name: "acted", Title: "More completes, from the alert", About: "The sample size is reached; somebody raises it without leaving Slack.", Histories: ofProject, Steps: []Step{
		allCompletesAreIn(),
		stands(alerts, "The alert tells what it means, and offers what can be done about it.", "sample size reached", pressSample).pictured("alert"),
		submits(ann, "Ann clicks “Raise sample size…”, and writes 500 in the modal, which tells what a complete costs.", pressSample, fieldNumber, "500"),
		accepted("sample_size=500 and status=LIVE go to Prodege in one call."),
		stands(alerts, "The alert closes: who did what, and how long it stood still.", "live again", noButton).pictured("alert-live"),
	}},
	{Name: "invoiced", Title: "From completion to the invoice", About: "Reconciliation, COMPLETE, one signed call to billing, and Prodege's own invoice.", Needs: NeedsBilling, Histories: ofProject, Steps: []Step{
		tells("The reconciliation is submitted: the project is PENDING_COMPLETE, and nothing is invoiced yet.",
			prodege.Event{Status: prodege.PendingComplete, Reason: prodege.ReconciliationTried, ReconciliationNote: "Reconciliation file received"}),
		stands(alerts, "People are told in #survey-alerts.", "reconciliation", anyButton),
		tells("Prodege takes it: COMPLETE (903).", reconciled("388 of 400 accepted")),
		booked("Billing gets one signed call with an idempotency key: see “Billing”.", 1),
		tells("The reconciliation is corrected: Prodege says COMPLETE again, with another note.", reconciled("386 of 400 accepted")),
		booked("Billing gets a revised invoice that supersedes the first.", 2),
		invoiced(),
	}},
	{Name: "outage", Title: "Temporal is away", About: "Deliveries are answered and kept on disk while it is stopped, and acted on when it is back.", Needs: NeedsTemporal, Steps: []Step{
		{Says: "Temporal is stopped.", Do: func(ctx context.Context, on *play) error { return on.stops(ctx, "temporal") }},
		pauseFor("4.25"),
		{Says: "It was answered 200 all the same: the delivery is on disk, in the ingress' inbox.", Do: func(ctx context.Context, on *play) error { return on.keeps(ctx) }},
		{Says: "Temporal is started again. The inbox hands on what it kept.", Do: func(ctx context.Context, on *play) error { return on.starts(ctx) }},
		asks("4.25"),
		approves("Ann clicks Approve $4.25."),
		accepted("Prodege takes it."),
		live("4.25"),
	}},
	{Name: "other-pause", Title: "Another pause in between", About: "Support pauses what was asked about; the price is asked for again later.", Histories: ofProject, Steps: []Step{
		pauseFor("4.25"),
		asks("4.25"),
		tells("Prodege's support pauses the project meanwhile (244).", pausedAs(prodege.SupportAgent)),
		stands(approvals, "The CPI is no longer asked about.", "no cpi to decide on now", anyButton),
		rise("4.50"),
		stands(approvals, "The price is asked about again, on the same message.", "approve a newer cpi of $4.50", pressApprove),
		approves("Ann approves $4.50."),
		live("4.50"),
	}},

	// Those that follow need other settings, an operator, or nobody to watch.
	{Name: "asked-again", Title: "Expired, asked again", Env: []string{"APPROVAL_TIMEOUT=2s"}, Histories: ofProject, Steps: []Step{
		pauseFor("4.25"),
		stands(approvals, "Nobody decides in time.", "expired", pressAskAgain).pictured("expired"),
		clicks(ann, "Ann asks again.", pressAskAgain),
		stands(approvals, "The buttons are back.", "$4.25", pressApprove),
		approves("Ann approves."),
		live("4.25"),
	}},
	{Name: "above-ceiling", Title: "Above the ceiling", Env: []string{"CPI_CEILING=4"}, Steps: []Step{
		pauseFor("4.25"),
		stands(approvals, "The request says that nobody may approve so much, and what would have to change.", "ceiling", anyButton).pictured("above-ceiling"),
		resumedElsewhere(),
	}},
	{Name: "nobody-can-decide", Title: "Nobody can decide", Env: []string{"SLACK_APPROVERS=S0GONE"}, Steps: []Step{
		pauseFor("4.25"),
		stands(approvals, "The only user group of the approvers is gone: the request says that nobody can decide, and who can put it right.", "nobody", anyButton).pictured("nobody"),
		resumedElsewhere(),
	}},
	{Name: "dry-run", Title: "Dry run", Env: []string{"DRY_RUN=true"}, Histories: ofProject, Steps: []Step{
		pauseFor("4.25"),
		asks("4.25"),
		approves("Ann approves."),
		stands(approvals, "Nothing is sent.", "nothing sent (dry run)", noButton),
		resumedElsewhere(),
		tells("Prodege completes the project.", reconciled("")),
		stands(finance, "Finance is told that no invoice was sent.", "not sent (dry run)", anyButton),
	}},
	{Name: "by-hand", Title: "By hand", Env: []string{"PRODEGE_API_KEY=", "BILLING_URL=", "BILLING_SIGNING_SECRET="}, Histories: ofProject, Steps: []Step{
		pauseFor("4.25"),
		asks("4.25"),
		approves("Ann approves."),
		stands(approvals, "People are asked to accept it themselves.", "accept it by hand", anyButton),
		resumedElsewhere(),
		tells("Prodege completes the project.", reconciled("all good")),
		stands(finance, "Finance is asked to make the invoice.", "invoice to make", pressInvoiced).pictured("invoice"),
		clicks(eve, "Eve marks it as invoiced.", pressInvoiced),
		stands(finance, "The message says so.", "marked as invoiced", anyButton),
		invoiced(),
	}},
	{Name: "by-rule", Title: "Approved by rule", Env: []string{"CPI_AUTO_APPROVE_UP_TO=4.30", "CPI_CEILING=6"}, Histories: ofProject, Steps: []Step{
		pauseFor("4.25"),
		stands(approvals, "The rule approves.", "the rule", noButton),
		live("4.25"),
	}},
	{Name: "not-live", Title: "Accepted, but not live", Env: []string{"RESUME_TIMEOUT=2s"}, Histories: ofProject, Steps: []Step{
		{Says: "Prodege will not tell of what our own calls change.", Do: func(_ context.Context, on *play) error { on.Prodege.announceUpdates(false); return nil }},
		pauseFor("4.25"),
		asks("4.25"),
		approves("Ann approves."),
		{Says: "Prodege takes it, and its support pauses the project without a webhook.", Do: func(ctx context.Context, on *play) error {
			if err := on.live(ctx); err != nil {
				return err
			}
			return on.tell(ctx, pausedAs(prodege.SupportAgent), How{Quiet: true})
		}},
		stands(approvals, "LIVE does not come.", "accepted $4.25, but the project is not live", pressClose).pictured("not-live"),
		clicks(ann, "Ann closes the request.", pressClose),
		stands(approvals, "It says so.", "was not accepted", anyButton),
		resumedElsewhere(),
	}},
	{Name: "held", Title: "Accepting is switched off", Needs: NeedsOperator, Histories: ofControlAndProject, Steps: []Step{
		accepting(false),
		pauseFor("4.25"),
		asks("4.25"),
		approves("Ann approves."),
		stands(approvals, "The decision is held back.", "held back", anyButton).pictured("held"),
		accepting(true),
		live("4.25"),
	}},
	{Name: "cancelled", Title: "Cancelled in Temporal", Needs: NeedsOperator, Env: []string{"BILLING_URL=", "BILLING_SIGNING_SECRET="}, Histories: ofProject, Steps: []Step{
		pauseFor("4.25"),
		asks("4.25"),
		cancelled(),
		stands(approvals, "The request has no buttons any more.", "cancelled by an operator", noButton),
		resumedElsewhere(),
		allCompletesAreIn(),
		stands(alerts, "The alert offers actions.", "sample size reached", pressSample),
		cancelled(),
		stands(alerts, "The alert has no buttons any more.", "cancelled by an operator", noButton),
		tells("Prodege completes the project.", reconciled("")),
		stands(finance, "What the lives before did, nobody knows.", "may have been invoiced", pressInvoice),
		clicks(eve, "Eve has it sent.", pressInvoice),
		stands(finance, "Finance is asked to make the invoice.", "invoice to make", pressInvoiced),
		cancelled(),
		stands(finance, "The invoice has no buttons any more.", "cancelled by an operator", noButton),
	}},
	{Name: "continued", Title: "A long life", Needs: NeedsOperator | NeedsBilling, Worker: []string{"--history-limit", "60"}, Histories: ofControlAndProject, Steps: []Step{
		{Says: "Accepting is switched off and on, often.", Do: func(ctx context.Context, on *play) error {
			return repeat(12, func(i int) error { return on.Operator.Accepting(ctx, i%2 == 1) })
		}},
		{Says: "Prodege pauses the project again and again.", Do: func(ctx context.Context, on *play) error {
			return repeat(15, func(i int) error {
				return on.tell(ctx, pausedAs([]prodege.Reason{prodege.SampleSize, prodege.MaxClicks, prodege.HighDropOff}[i%3]))
			})
		}},
		resumedElsewhere(),
		pauseFor("4.25"),
		asks("4.25"),
		{Says: "The price rises again and again.", Do: func(ctx context.Context, on *play) error {
			return repeat(15, func(i int) error {
				amount := fmt.Sprintf("4.%d", 30+i)
				if err := on.tell(ctx, forCPI(amount)); err != nil {
					return err
				}
				return on.stands(ctx, on.Cast.Approvals, "$"+amount, pressApprove)
			})
		}},
		approves("Ann approves."),
		live("4.44"),
		{Says: "The reconciliation is corrected again and again.", Do: func(ctx context.Context, on *play) error {
			return repeat(8, func(i int) error {
				if err := on.tell(ctx, reconciled(fmt.Sprintf("%d removed", i))); err != nil {
					return err
				}
				return on.booked(ctx, i+1)
			})
		}},
		invoiced(),
	}},
	{Name: "every-reason", Title: "Every reason, late and double", Histories: ofProject, Steps: []Step{
		{Says: "One event of each reason, late and double ones, and a status that nobody knows.", Do: everyReason},
		stands(alerts, "The unknown status is told.", "archived", anyButton),
	}},
	{Name: "second-life", Title: "A second life", Histories: ofProject, Steps: []Step{
		{Says: "A project is first heard of by an event of two months ago: it may have lived before.", Do: func(ctx context.Context, on *play) error {
			return on.tell(ctx, forCPI("4.25"), How{Time: time.Now().Add(-60 * 24 * time.Hour)})
		}},
		asks("4.25"),
		approves("Ann approves."),
		live("4.25"),
	}},
	{Name: "found-by-asking", Title: "A webhook goes missing", Env: []string{"PRODEGE_POLL_EVERY=2s"}, Slow: true, Histories: ofProject, Steps: []Step{
		{Says: "The project is paused, and the webhook goes missing.", Do: func(ctx context.Context, on *play) error {
			if err := on.tell(ctx, prodege.Event{Status: prodege.Live}); err != nil {
				return err
			}
			return on.tell(ctx, forCPI("4.25"), How{Quiet: true})
		}},
		asks("4.25"),
		approves("Ann approves."),
		live("4.25"),
	}},
	{Name: "burst", Title: "More pauses than Slack takes", Env: []string{"SLACK_POSTS_PER_SECOND=0.05"}, Slow: true, Histories: ofDigest, Steps: []Step{
		{Says: "A dozen projects are paused at once: each is told all the same.", Do: burst},
	}},
	{Name: "weekly", Title: "The weekly report", Needs: NeedsOperator, Env: []string{"DIGEST=Mon 09:00 America/New_York"}, Histories: ofReport, Steps: []Step{
		pauseFor("4.25"),
		asks("4.25"),
		approves("Ann approves."),
		live("4.25"),
		allCompletesAreIn(),
		stands(alerts, "The alert offers actions.", "sample size reached", pressSample),
		submits(ben, "Ben raises the sample size.", pressSample, fieldNumber, "650"),
		stands(alerts, "It is live again.", "live again", noButton),
		{Says: "The week is over.", Do: func(ctx context.Context, on *play) error { return on.Operator.Report(ctx) }},
		{Says: "The report comes in the alerts channel.", Do: func(ctx context.Context, on *play) error {
			on.lacks = "no report came"
			_, err := on.Slack.WaitMessage(ctx, on.Cast.Alerts, func(m Message) bool { return says(m, "pauses of the last 7 days") })
			return err
		}},
	}},
}

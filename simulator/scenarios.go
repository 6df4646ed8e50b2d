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
		{Says: "Fieldmarshal asks in #cpi-approvals, with what it costs and until when.", Do: stands(approvals, "approve a cpi of $4.25", pressApprove), Picture: "asked"},
		{Says: "Eve, who is on no list, clicks Approve. She alone is told that it does not count.", Do: all(
			clicks(eve, pressApprove),
			told(eve, "did not count"),
		)},
		approves("Ann clicks Approve $4.25. Her decision is recorded, and the buttons go."),
		{Says: "The project is read once more, then max_cpi=4.25 and status=LIVE go to Prodege: see “Calls from the app”.", Do: isLive},
		{Says: "The same message says who approved, and waits for Prodege to confirm.", Do: stands(approvals, "approved", noButton), Picture: "approved"},
		{Says: "Prodege tells that it is live, and the same message ends the story.", Do: stands(approvals, "live again at $4.25", noButton), Picture: "live"},
	}},
	{Name: "rejected", Title: "A CPI pause, rejected", About: "Somebody says no and why. Asking again stays possible.", Histories: ofProject, Steps: []Step{
		pauseFor("4.25"),
		asks("4.25"),
		{Says: "Ann clicks Reject…, and writes why.", Do: submits(ann, pressReject, fieldReason, "Over the client's budget")},
		{Says: "The message says who rejected it and why. Nothing is sent to Prodege.", Do: stands(approvals, "rejected", anyButton), Picture: "rejected"},
		resumedElsewhere,
	}},
	{Name: "superseded", Title: "Superseded twice", About: "The price rises while people think; an older amount counts for nothing.", Histories: ofProject, Steps: []Step{
		pauseFor("4.25"),
		asks("4.25"),
		rise("4.50"),
		{Says: "The same message now asks for $4.50, and its thread says so, as edits notify nobody.", Do: stands(approvals, "approve a newer cpi of $4.50", pressApprove), Picture: "superseded"},
		{Says: "Ann clicks on what her screen still shows, which by now belongs to an older amount. She is told so; nothing is sent.", Do: all(
			tell(forCPI("4.75")),
			stands(approvals, "approve a newer cpi of $4.75", pressApprove),
			clicksOld(ann, pressApprove),
			told(ann, "$4.75"),
		)},
		approves("She looks again, and approves $4.75."),
		{Says: "Only this amount goes to Prodege.", Do: isLive},
		liveAgain("4.75"),
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
		{Says: "Prodege refuses. The message says so, with the code in words, and offers “Try again”.", Do: stands(approvals, "prodege refused $4.25", pressTryAgain), Picture: "refused"},
		{Says: "The account is put right meanwhile, and Ben clicks Try again.", Do: clicks(ben, pressTryAgain)},
		{Says: "This time Prodege takes it.", Do: isLive},
		liveAgain("4.25"),
	}},
	{Name: "acted", Title: "More completes, from the alert", About: "The sample size is reached; somebody raises it without leaving Slack.", Histories: ofProject, Steps: []Step{
		completesAreIn,
		{Says: "The alert tells what it means, and offers what can be done about it.", Do: stands(alerts, "sample size reached", pressSample), Picture: "alert"},
		{Says: "Ann clicks “Raise sample size…”, and writes 500 in the modal, which tells what a complete costs.", Do: submits(ann, pressSample, fieldNumber, "500")},
		{Says: "sample_size=500 and status=LIVE go to Prodege in one call.", Do: isLive},
		{Says: "The alert closes: who did what, and how long it stood still.", Do: stands(alerts, "live again", noButton), Picture: "alert-live"},
	}},
	{Name: "invoiced", Title: "From completion to the invoice", About: "Reconciliation, COMPLETE, one signed call to billing, and Prodege's own invoice.", Needs: NeedsBilling, Histories: ofProject, Steps: []Step{
		{Says: "The reconciliation is submitted: the project is PENDING_COMPLETE, and nothing is invoiced yet.", Do: tell(reconciling("Reconciliation file received"))},
		{Says: "People are told in #survey-alerts.", Do: stands(alerts, "reconciliation", anyButton)},
		{Says: "Prodege takes it: COMPLETE (903).", Do: tell(reconciled("388 of 400 accepted"))},
		{Says: "Billing gets one signed call with an idempotency key: see “Billing”.", Do: booked(1)},
		{Says: "The reconciliation is corrected: Prodege says COMPLETE again, with another note.", Do: tell(reconciled("386 of 400 accepted"))},
		{Says: "Billing gets a revised invoice that supersedes the first.", Do: booked(2)},
		invoiced,
	}},
	{Name: "outage", Title: "Temporal is away", About: "Deliveries are answered and kept on disk while it is stopped, and acted on when it is back.", Needs: NeedsTemporal, Steps: []Step{
		{Says: "Temporal is stopped.", Do: stops("temporal")},
		pauseFor("4.25"),
		{Says: "It was answered 200 all the same: the delivery is on disk, in the ingress' inbox.", Do: keeps},
		{Says: "Temporal is started again. The inbox hands on what it kept.", Do: starts},
		asks("4.25"),
		approves("Ann clicks Approve $4.25."),
		{Says: "Prodege takes it.", Do: isLive},
		liveAgain("4.25"),
	}},
	{Name: "other-pause", Title: "Another pause in between", About: "Support pauses what was asked about; the price is asked for again later.", Histories: ofProject, Steps: []Step{
		pauseFor("4.25"),
		asks("4.25"),
		{Says: "Prodege's support pauses the project meanwhile (244).", Do: tell(supportPauses)},
		{Says: "The CPI is no longer asked about.", Do: stands(approvals, "no cpi to decide on now", anyButton)},
		rise("4.50"),
		{Says: "The price is asked about again, on the same message.", Do: stands(approvals, "approve a newer cpi of $4.50", pressApprove)},
		approves("Ann approves $4.50."),
		liveAgain("4.50"),
	}},

	// Those that follow need other settings, an operator, or nobody to watch.
	{Name: "asked-again", Title: "Expired, asked again", Env: []string{"APPROVAL_TIMEOUT=2s"}, Histories: ofProject, Steps: []Step{
		pauseFor("4.25"),
		{Says: "Nobody decides in time.", Do: stands(approvals, "expired", pressAskAgain), Picture: "expired"},
		{Says: "Ann asks again.", Do: clicks(ann, pressAskAgain)},
		{Says: "The buttons are back.", Do: stands(approvals, "$4.25", pressApprove)},
		approves("Ann approves."),
		liveAgain("4.25"),
	}},
	{Name: "above-ceiling", Title: "Above the ceiling", Env: []string{"CPI_CEILING=4"}, Steps: []Step{
		pauseFor("4.25"),
		{Says: "The request says that nobody may approve so much, and what would have to change.", Do: stands(approvals, "ceiling", anyButton), Picture: "above-ceiling"},
		resumedElsewhere,
	}},
	{Name: "nobody-can-decide", Title: "Nobody can decide", Env: []string{"SLACK_APPROVERS=S0GONE"}, Steps: []Step{
		pauseFor("4.25"),
		{Says: "The only user group of the approvers is gone: the request says that nobody can decide, and who can put it right.", Do: stands(approvals, "nobody", anyButton), Picture: "nobody"},
		resumedElsewhere,
	}},
	{Name: "dry-run", Title: "Dry run", Env: []string{"DRY_RUN=true"}, Histories: ofProject, Steps: []Step{
		pauseFor("4.25"),
		asks("4.25"),
		approves("Ann approves."),
		{Says: "Nothing is sent.", Do: stands(approvals, "nothing sent (dry run)", noButton)},
		resumedElsewhere,
		{Says: "Prodege completes the project.", Do: tell(reconciled(""))},
		{Says: "Finance is told that no invoice was sent.", Do: stands(finance, "not sent (dry run)", anyButton)},
	}},
	{Name: "by-hand", Title: "By hand", Env: []string{"PRODEGE_API_KEY=", "BILLING_URL=", "BILLING_SIGNING_SECRET="}, Histories: ofProject, Steps: []Step{
		pauseFor("4.25"),
		asks("4.25"),
		approves("Ann approves."),
		{Says: "People are asked to accept it themselves.", Do: stands(approvals, "accept it by hand", anyButton)},
		resumedElsewhere,
		{Says: "Prodege completes the project.", Do: tell(reconciled("all good"))},
		{Says: "Finance is asked to make the invoice.", Do: stands(finance, "invoice to make", pressInvoiced), Picture: "invoice"},
		{Says: "Eve marks it as invoiced.", Do: clicks(eve, pressInvoiced)},
		{Says: "The message says so.", Do: stands(finance, "marked as invoiced", anyButton)},
		invoiced,
	}},
	{Name: "by-rule", Title: "Approved by rule", Env: []string{"CPI_AUTO_APPROVE_UP_TO=4.30", "CPI_CEILING=6"}, Histories: ofProject, Steps: []Step{
		pauseFor("4.25"),
		{Says: "The rule approves.", Do: stands(approvals, "the rule", noButton)},
		liveAgain("4.25"),
	}},
	{Name: "not-live", Title: "Accepted, but not live", Env: []string{"RESUME_TIMEOUT=2s"}, Histories: ofProject, Steps: []Step{
		{Says: "Prodege will not tell of what our own calls change.", Do: func(_ context.Context, on *play) error {
			on.Prodege.Set(func(o *ProdegeOptions) { o.AnnounceUpdates = false })
			return nil
		}},
		pauseFor("4.25"),
		asks("4.25"),
		approves("Ann approves."),
		{Says: "Prodege takes it, and its support pauses the project without a webhook.", Do: all(isLive, tell(supportPauses, How{Quiet: true}))},
		{Says: "LIVE does not come.", Do: stands(approvals, "accepted $4.25, but the project is not live", pressClose), Picture: "not-live"},
		{Says: "Ann closes the request.", Do: clicks(ann, pressClose)},
		{Says: "It says so.", Do: stands(approvals, "was not accepted", anyButton)},
		resumedElsewhere,
	}},
	{Name: "held", Title: "Accepting is switched off", Needs: NeedsOperator, Histories: ofControlAndProject, Steps: []Step{
		{Says: "The kill switch is turned.", Do: accepting(false)},
		pauseFor("4.25"),
		asks("4.25"),
		approves("Ann approves."),
		{Says: "The decision is held back.", Do: stands(approvals, "held back", anyButton), Picture: "held"},
		{Says: "The kill switch is turned.", Do: accepting(true)},
		liveAgain("4.25"),
	}},
	{Name: "cancelled", Title: "Cancelled in Temporal", Needs: NeedsOperator, Env: []string{"BILLING_URL=", "BILLING_SIGNING_SECRET="}, Histories: ofProject, Steps: []Step{
		pauseFor("4.25"),
		asks("4.25"),
		cancelled,
		{Says: "The request has no buttons any more.", Do: stands(approvals, "cancelled by an operator", noButton)},
		resumedElsewhere,
		completesAreIn,
		{Says: "The alert offers actions.", Do: stands(alerts, "sample size reached", pressSample)},
		cancelled,
		{Says: "The alert has no buttons any more.", Do: stands(alerts, "cancelled by an operator", noButton)},
		{Says: "Prodege completes the project.", Do: tell(reconciled(""))},
		{Says: "What the lives before did, nobody knows.", Do: stands(finance, "may have been invoiced", pressInvoice)},
		{Says: "Eve has it sent.", Do: clicks(eve, pressInvoice)},
		{Says: "Finance is asked to make the invoice.", Do: stands(finance, "invoice to make", pressInvoiced)},
		cancelled,
		{Says: "The invoice has no buttons any more.", Do: stands(finance, "cancelled by an operator", noButton)},
	}},
	{Name: "continued", Title: "A long life", Needs: NeedsOperator | NeedsBilling, Worker: []string{"--history-limit", "60"}, Histories: ofControlAndProject, Steps: []Step{
		{Says: "Accepting is switched off and on, often.", Do: repeat(12, func(i int) doing { return accepting(i%2 == 1) })},
		{Says: "Prodege pauses the project again and again.", Do: repeat(15, func(i int) doing {
			return tell(pausedAs([]prodege.Reason{prodege.SampleSize, prodege.MaxClicks, prodege.HighDropOff}[i%3]))
		})},
		resumedElsewhere,
		pauseFor("4.25"),
		asks("4.25"),
		{Says: "The price rises again and again.", Do: repeat(15, func(i int) doing {
			amount := fmt.Sprintf("4.%d", 30+i)
			return all(tell(forCPI(amount)), stands(approvals, "$"+amount, pressApprove))
		})},
		approves("Ann approves."),
		liveAgain("4.44"),
		{Says: "The reconciliation is corrected again and again.", Do: repeat(8, func(i int) doing {
			return all(tell(reconciled(fmt.Sprintf("%d removed", i))), booked(i+1))
		})},
		invoiced,
	}},
	{Name: "every-reason", Title: "Every reason, late and double", Histories: ofProject, Steps: []Step{
		{Says: "One event of each reason, late and double ones, and a status that nobody knows.", Do: all(
			repeat(8, func(i int) doing {
				return tell(pausedAs([]prodege.Reason{113, 156, 158, 207, 222, 244, 999, 4711}[i]), How{Copies: 2})
			}),
			tell(goesLive),
			tell(allCompletesIn),
			tell(pausedAs(prodege.MaxClicks), How{Age: time.Hour}),
			tell(prodege.Event{Status: prodege.Paused, Reason: prodege.Other, Description: prodege.DescriptionRejection, RejectionNote: "count again"}),
			tell(reconciling("12 removed")),
			tell(prodege.Event{Status: "ARCHIVED"}),
		)},
		{Says: "The unknown status is told.", Do: stands(alerts, "archived", anyButton)},
	}},
	{Name: "second-life", Title: "A second life", Histories: ofProject, Steps: []Step{
		{Says: "A project is first heard of by an event of two months ago: it may have lived before.", Do: tell(forCPI("4.25"), How{Age: 60 * 24 * time.Hour})},
		asks("4.25"),
		approves("Ann approves."),
		liveAgain("4.25"),
	}},
	{Name: "found-by-asking", Title: "A webhook goes missing", Env: []string{"PRODEGE_POLL_EVERY=2s"}, Slow: true, Histories: ofProject, Steps: []Step{
		{Says: "The project is paused, and the webhook goes missing.", Do: all(tell(goesLive), tell(forCPI("4.25"), How{Quiet: true}))},
		asks("4.25"),
		approves("Ann approves."),
		liveAgain("4.25"),
	}},
	{Name: "burst", Title: "More pauses than Slack takes", Env: []string{"SLACK_POSTS_PER_SECOND=0.05"}, Slow: true, Histories: ofDigest, Steps: []Step{
		{Says: "A dozen projects are paused at once: each is told all the same.", Do: burst},
	}},
	{Name: "weekly", Title: "The weekly report", Needs: NeedsOperator, Env: []string{"DIGEST=Mon 09:00 America/New_York"}, Histories: ofReport, Steps: []Step{
		pauseFor("4.25"),
		asks("4.25"),
		approves("Ann approves."),
		liveAgain("4.25"),
		completesAreIn,
		{Says: "The alert offers actions.", Do: stands(alerts, "sample size reached", pressSample)},
		{Says: "Ben raises the sample size.", Do: submits(ben, pressSample, fieldNumber, "650")},
		{Says: "It is live again.", Do: stands(alerts, "live again", noButton)},
		{Says: "The week is over.", Do: func(ctx context.Context, on *play) error { return on.Operator.Report(ctx) }},
		{Says: "The report comes in the alerts channel.", Do: func(ctx context.Context, on *play) error {
			on.lacks = "no report came"
			_, err := on.Slack.WaitMessage(ctx, on.Cast.Alerts, func(m Message) bool { return says(m, "pauses of the last 7 days") })
			return err
		}},
	}},
}

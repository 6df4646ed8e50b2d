package e2e

import (
	"fmt"
	"slices"
	"strings"
	"time"

	enums "go.temporal.io/api/enums/v1"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
	"fieldmarshal/workflows"
)

const closeIt = "cpi_close"

// plans is several changes of a plan.
func plans(all ...func(*plan)) []func(*plan) { return all }

// scenarios are the courses of things whose histories are recorded.
var scenarios = []scenario{
	{name: "approved", keeps: []string{workflows.TypeProject}, play: func(w *world) {
		m := w.pausedForCPI(asked)
		w.click(ann, m, approve)
		w.click(ben, m, approve)
		w.ends(m, "Live again at $4.25")
	}},
	{name: "rejected", keeps: []string{workflows.TypeProject}, play: func(w *world) {
		m := w.pausedForCPI(asked)
		w.submit(ann, m, reject, map[string]string{reasonField: "too dear"})
		w.becomes(m, "Rejected: $4.25")
		w.ended(w.prodege.Live(w.ctx, theProject))
	}},
	{name: "asked-again", keeps: []string{workflows.TypeProject}, plan: plans(with("APPROVAL_TIMEOUT", "2s")), play: func(w *world) {
		m := w.pausedForCPI(asked)
		w.becomes(m, "Expired")
		w.click(ann, m, askAgain)
		again := w.message(approvals, "buttons again", func(now simulator.Message) bool { return now.TS == m.TS && slices.Contains(buttons(now), approve) })
		w.click(ann, again, approve)
		w.ends(m, "Live again at $4.25")
	}},
	{name: "superseded", keeps: []string{workflows.TypeProject}, play: func(w *world) {
		m := w.pausedForCPI(asked)
		old := simulator.Buttons(m)[0].Value
		w.delivered(w.prodege.ChangePrice(w.ctx, theProject, newer))
		w.becomes(m, "$4.50")
		w.clicks(simulator.Click{User: ann, Channel: approvals, TS: m.TS, ActionID: approve, Value: &old})
		w.whispered(ann, "asks for $4.50 now")
		w.click(ann, m, approve)
		w.ends(m, "Live again at $4.50")
	}},
	{name: "refused-tried-again", keeps: []string{workflows.TypeProject}, play: func(w *world) {
		w.prodege.Inject(simulator.Fault{Kind: simulator.AnswerCode, Code: "2010", Method: "project-update"})
		m := w.pausedForCPI(asked)
		w.click(ann, m, approve)
		w.becomes(m, "Prodege refused $4.25")
		w.click(ben, m, tryAgain)
		w.ends(m, "Live again at $4.25")
	}},
	{name: "other-pause", keeps: []string{workflows.TypeProject}, play: func(w *world) {
		m := w.pausedForCPI(asked)
		w.delivered(w.prodege.Pause(w.ctx, theProject, prodege.SupportAgent))
		w.becomes(m, "CPI no longer asked")
		w.delivered(w.prodege.PauseForCPI(w.ctx, theProject, newer))
		again := w.becomes(m, "Approve a newer CPI of $4.50?")
		w.click(ann, again, approve)
		w.ends(m, "Live again at $4.50")
	}},
	{name: "acted", keeps: []string{workflows.TypeProject}, play: func(w *world) {
		m := w.stopped(prodege.SampleSize, actSample, actComplete)
		w.submit(ann, m, actSample, map[string]string{numberField: "650"})
		w.ends(m, "Live again")
	}},
	{name: "dry-run", keeps: []string{workflows.TypeProject}, plan: plans(with("DRY_RUN", "true")), play: func(w *world) {
		m := w.pausedForCPI(asked)
		w.click(ann, m, approve)
		w.becomes(m, "nothing sent (dry run)")
		w.ended(w.prodege.Live(w.ctx, theProject))
		w.delivered(w.prodege.Complete(w.ctx, theProject, prodege.ReconciliationComplete, ""))
		w.says(finance, "not sent (dry run)")
	}},
	{name: "by-hand", keeps: []string{workflows.TypeProject}, plan: plans(with("PRODEGE_API_KEY", "", "BILLING_URL", "", "BILLING_SIGNING_SECRET", "")), play: func(w *world) {
		w.delivered(w.prodege.PauseForCPI(w.ctx, theProject, asked))
		m := w.says(approvals, "Approve a CPI of $4.25?")
		w.click(ann, m, approve)
		w.becomes(m, "accept it by hand")
		w.ended(w.prodege.Live(w.ctx, theProject))
		w.delivered(w.prodege.Complete(w.ctx, theProject, prodege.ReconciliationComplete, "all good"))
		invoice := w.says(finance, "Invoice to make")
		w.click(eve, invoice, markInvoiced)
		w.becomes(invoice, "marked as invoiced")
		w.delivered(w.prodege.Invoice(w.ctx, theProject))
		w.invoiced(theProject)
	}},
	{name: "by-rule", keeps: []string{workflows.TypeProject}, plan: plans(with("CPI_AUTO_APPROVE_UP_TO", "4.30", "CPI_CEILING", "6")), play: func(w *world) {
		w.delivered(w.prodege.PauseForCPI(w.ctx, theProject, asked))
		w.ends(w.says(approvals, "The rule"), "Live again at $4.25")
	}},
	{name: "not-live", keeps: []string{workflows.TypeProject}, plan: plans(with("RESUME_TIMEOUT", "2s"), withoutAnnouncement), play: func(w *world) {
		m := w.pausedForCPI(asked)
		w.click(ann, m, approve)
		w.accepted("4.25")
		if _, err := w.prodege.Pause(w.ctx, theProject, prodege.SupportAgent, simulator.How{Quiet: true}); err != nil {
			w.t.Fatal(err)
		}
		w.becomes(m, "Accepted $4.25, but not live")
		w.click(ann, m, closeIt)
		w.becomes(m, "given up")
		w.ended(w.prodege.Live(w.ctx, theProject))
	}},
	{name: "held", keeps: []string{workflows.TypeControl, workflows.TypeProject}, play: func(w *world) {
		w.accepting(false)
		m := w.pausedForCPI(asked)
		w.click(ben, m, approve)
		w.becomes(m, "held back")
		w.accepting(true)
		w.ends(m, "Live again at $4.25")
	}},
	{name: "cancelled", keeps: []string{workflows.TypeProject},
		plan: plans(cancels, with("BILLING_URL", "", "BILLING_SIGNING_SECRET", "")), play: cancelsAll},
	{name: "continued", keeps: []string{workflows.TypeProject, workflows.TypeControl},
		plan: plans(func(p *plan) { p.worker = []string{"--history-limit", "60"} }), play: longLife},
	{name: "invoiced", keeps: []string{workflows.TypeProject}, play: func(w *world) {
		w.delivered(w.prodege.PendingComplete(w.ctx, theProject, "12 removed"))
		w.delivered(w.prodege.Complete(w.ctx, theProject, prodege.ReconciliationComplete, "12 removed"))
		w.booked("project-29303649-invoice-r1")
		w.delivered(w.prodege.Complete(w.ctx, theProject, prodege.ReconciliationComplete, "13 removed"))
		w.booked("project-29303649-invoice-r2")
		w.delivered(w.prodege.Invoice(w.ctx, theProject))
		w.invoiced(theProject)
	}},
	{name: "every-reason", keeps: []string{workflows.TypeProject}, play: everyReason},
	{name: "second-life", keeps: []string{workflows.TypeProject}, play: func(w *world) {
		w.delivered(w.prodege.PauseForCPI(w.ctx, theProject, asked, simulator.How{Time: time.Now().Add(-60 * 24 * time.Hour)}))
		m := w.says(approvals, "Approve a CPI of $4.25?")
		w.click(ann, m, approve)
		w.ends(m, "Live again at $4.25")
	}},
	{name: "found-by-asking", keeps: []string{workflows.TypeProject}, plan: plans(with("PRODEGE_POLL_EVERY", "2s")), play: func(w *world) {
		w.delivered(w.prodege.Live(w.ctx, theProject))
		if _, err := w.prodege.PauseForCPI(w.ctx, theProject, asked, simulator.How{Quiet: true}); err != nil {
			w.t.Fatal(err)
		}
		m := w.says(approvals, "Approve a CPI of $4.25?")
		w.click(ann, m, approve)
		w.ends(m, "Live again at $4.25")
	}},
	{name: "burst", keeps: []string{workflows.TypeDigest}, plan: plans(with("SLACK_POSTS_PER_SECOND", "0.05")), play: burst},
	{name: "weekly", keeps: []string{workflows.TypeReport}, plan: plans(with("DIGEST", weekly)), play: func(w *world) {
		pausedAndBack(w)
		w.triggerReport()
		w.says(alerts, "Pauses of the last 7 days")
		await(w.t, "the report to complete", func() bool {
			return slices.ContainsFunc(w.runs(), func(one execution) bool {
				return one.kind == workflows.TypeReport && one.status == enums.WORKFLOW_EXECUTION_STATUS_COMPLETED
			})
		})
	}},
}

// ends waits until the request's message says something and its workflow has completed.
func (w *world) ends(m simulator.Message, text string) {
	w.t.Helper()
	w.becomes(m, text)
	w.finished()
}

// ended is delivered, and waits for the request to complete.
func (w *world) ended(e simulator.Exchange, err error) {
	w.t.Helper()
	w.delivered(e, err)
	w.finished()
}

func (w *world) finished() {
	w.t.Helper()
	w.project(theProject, func(s *project.State) bool {
		return s.Pause == nil && s.Act == nil && (s.Request != nil && s.Request.Closed || s.Action != nil && s.Action.Closed)
	}, "the pause to be over")
}

func (w *world) accepting(on bool) {
	w.t.Helper()
	if err := w.flows.Accepting(w.within(), on, ann); err != nil {
		w.t.Fatal(err)
	}
}

// longLife has every workflow continue as new.
func longLife(w *world) {
	for i := range 12 {
		w.accepting(i%2 == 1)
	}
	for i := range 15 {
		w.delivered(w.prodege.Pause(w.ctx, theProject, []prodege.Reason{prodege.SampleSize, prodege.MaxClicks, prodege.HighDropOff}[i%3]))
	}
	w.delivered(w.prodege.Live(w.ctx, theProject))
	w.project(theProject, func(s *project.State) bool { return s.Counts.Applied == 16 && s.Runs > 0 }, "the project to continue as new")
	m := w.pausedForCPI(asked)
	for cents := 30; cents < 45; cents++ {
		w.delivered(w.prodege.ChangePrice(w.ctx, theProject, prodege.MustUSD(fmt.Sprintf("4.%d", cents))))
		w.becomes(m, fmt.Sprintf("$4.%d", cents))
	}
	w.click(ann, m, approve)
	w.ends(m, "Live again at $4.44")
	for i := range 8 {
		w.delivered(w.prodege.Complete(w.ctx, theProject, prodege.ReconciliationComplete, fmt.Sprintf("%d removed", i)))
		w.booked(fmt.Sprintf("project-29303649-invoice-r%d", i+1))
	}
	w.delivered(w.prodege.Invoice(w.ctx, theProject))
	w.invoiced(theProject)
}

// everyReason sends one event of each reason, late and double ones, and a status that nobody knows.
func everyReason(w *world) {
	for _, r := range []prodege.Reason{113, 156, 158, 207, 222, 244, 999, 4711} {
		w.delivered(w.prodege.Pause(w.ctx, theProject, r, simulator.How{Copies: 2}))
	}
	w.delivered(w.prodege.Live(w.ctx, theProject))
	w.delivered(w.prodege.Pause(w.ctx, theProject, 158))
	w.delivered(w.prodege.Pause(w.ctx, theProject, 113, simulator.How{Time: time.Now().Add(-time.Hour)}))
	w.delivered(w.prodege.RejectReconciliation(w.ctx, theProject, "count again"))
	w.delivered(w.prodege.PendingComplete(w.ctx, theProject, "12 removed"))
	w.delivered(w.prodege.Tell(w.ctx, prodege.Event{ProjectID: theProject, Status: "ARCHIVED"}))
	w.says(alerts, "ARCHIVED")
	w.project(theProject, func(s *project.State) bool { return s.Counts.Received == 22 }, "all events")
}

// burst pauses more projects than Slack takes messages of in a minute: each is told all the same.
func burst(w *world) {
	const projects = 12
	for id := prodege.ProjectID(1001); id <= 1000+projects; id++ {
		w.prodege.SetProject(aProject(id))
		w.delivered(w.prodege.Pause(w.ctx, id, prodege.SampleSize))
	}
	// A post that has waited for a minute goes into the digest, which gathers for another.
	if _, err := w.slack.WaitMessage(w.ctx, alerts, func(m simulator.Message) bool { return reads(m, "paused faster than Slack takes messages") }); err != nil {
		w.t.Fatal(err)
	}
	w.closed(workflows.DigestID(alerts))
	var all strings.Builder
	for _, m := range w.slack.AllMessages(alerts) {
		all.WriteString(simulator.PlainText(m))
	}
	for id := prodege.ProjectID(1001); id <= 1000+projects; id++ {
		if !strings.Contains(all.String(), id.String()) {
			w.t.Errorf("the pause of project %s was told nobody", id)
		}
	}
}

package cards

import (
	"fmt"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// The facts behind the golden files: every message in every state.

var (
	paused  = time.Date(2026, 3, 10, 21, 2, 0, 0, time.UTC)
	decided = paused.Add(7 * time.Minute)
	live    = paused.Add(8 * time.Minute)
)

func usd(text string) *prodege.USD { u := prodege.MustUSD(text); return &u }

func frame() project.Frame {
	return project.Frame{
		Project: project.Name{ID: 29303649, Name: "Spring tracker UK", PONumber: "4711"},
		UI:      "http://localhost:8233/namespaces/default/workflows/project-29303649",
	}
}

func event(status prodege.Status, reason prodege.Reason, description string) prodege.Event {
	return prodege.Event{ID: "644b075404443f2a3c77c7cb", Time: paused, ProjectID: 29303649, Status: status, Reason: reason, Description: description}
}

func sampleSize() prodege.Event {
	return event(prodege.Paused, prodege.SampleSize, "DISABLED_BY_HAS_REACHED_SAMPLE_SIZE")
}

func rejectedEvent() prodege.Event {
	e := event(prodege.Live, 999, prodege.DescriptionRejection)
	e.RejectionNote = "12 of the transaction ids are unknown to us.\nPlease send the file again without them."
	return e
}

const alertLink = "https://acme.slack.com/archives/C0ALERTS/p1773176520000100"

func requestCard(phase project.Phase, change func(*project.RequestFacts)) project.Card {
	r := project.RequestFacts{
		Frame: frame(), ID: "644b075404443f2a3c77c7cb", Generation: 1, Required: usd("4.25"),
		Numbers: &project.Numbers{
			CPI: usd("3.90"), AvgCPI: usd("3.60"), MaxCPI: usd("3.75"), Completes: 600, Wanted: 1000,
			BidIR: "30", ActualIR: "22", BidLOI: "12", ActualLOI: "15", AsOf: paused.Add(time.Minute),
		},
		PausedAt: paused, Deadline: paused.Add(24 * time.Hour), Phase: phase, PhaseAt: live, Alert: alertLink,
		Earlier: []project.Decided{
			{Verdict: project.Approve, User: "U0ANN", Amount: usd("3.75"), At: paused.Add(-50 * time.Hour), From: project.FromSlack},
			{Verdict: project.Reject, User: "U0BOB", Amount: usd("3.60"), Reason: "wait for the new budget", At: paused.Add(-74 * time.Hour), From: project.FromSlack},
			{Verdict: project.Approve, Amount: usd("3.50"), At: paused.Add(-98 * time.Hour), From: project.FromRule},
		},
	}
	if change != nil {
		change(&r)
	}
	return project.Card{Request: &r}
}

func approved(amount string) func(*project.RequestFacts) {
	return func(r *project.RequestFacts) {
		r.Decisions = []project.Decided{{Verdict: project.Approve, User: "U0ANN", Amount: usd(amount), At: decided, From: project.FromSlack}}
		r.Sent = usd(amount)
	}
}

func also(changes ...func(*project.RequestFacts)) func(*project.RequestFacts) {
	return func(r *project.RequestFacts) {
		for _, c := range changes {
			c(r)
		}
	}
}

func refused(codes []int, text string) func(*project.RequestFacts) {
	return func(r *project.RequestFacts) {
		r.Refusal, r.Sent = &project.Refusal{Party: "Prodege", Codes: codes, Text: text}, nil
	}
}

func invoiceCard(phase project.InvoicePhase, change func(*project.InvoiceFacts)) project.Card {
	i := project.InvoiceFacts{
		Frame: frame(), Key: "project-29303649-invoice-r1", Revision: 1, Phase: phase, PhaseAt: live,
		CompletedAt: paused, Reason: prodege.ReconciliationComplete, Description: "COMPLETE_RECONCILIATION",
		Note: "988 of 1,000 accepted", CPI: usd("4.25"), Completes: 988,
	}
	if change != nil {
		change(&i)
	}
	return project.Card{Invoice: &i}
}

func noteCard(kind project.NoteKind, change func(*project.Note)) project.Card {
	n := project.Note{Frame: frame(), Kind: kind}
	n.UI = ""
	if change != nil {
		change(&n)
	}
	return project.Card{Note: &n}
}

func withEvent(e prodege.Event) func(*project.Note) { return func(n *project.Note) { n.Event = &e } }

func answerCard(kind project.AnswerKind, change func(*project.Answer)) project.Card {
	a := project.Answer{Kind: kind, Project: frame().Project}
	if change != nil {
		change(&a)
	}
	return project.Card{Answer: &a}
}

// facts names each golden file and gives what it shows.
func facts() map[string]project.Card {
	all := map[string]project.Card{}
	for _, group := range []map[string]project.Card{pauseFacts(), actingFacts(), requestFacts(), limitFacts(), invoiceFacts(), noteFacts(), answerFacts(), digestFacts(), reportFacts()} {
		for name, card := range group {
			if _, twice := all[name]; twice {
				panic("two cards named " + name)
			}
			all[name] = card
		}
	}
	return all
}

func pauseFacts() map[string]project.Card {
	pause := func(e prodege.Event, change func(*project.PauseFacts)) project.Card {
		p := project.PauseFacts{Frame: frame(), Event: e, Since: paused, Times: 1}
		if change != nil {
			change(&p)
		}
		return project.Card{Pause: &p}
	}
	cards := map[string]project.Card{
		"pause-simulated": pause(sampleSize(), func(p *project.PauseFacts) { p.Simulated = true }),
		"pause-no-name":   pause(sampleSize(), func(p *project.PauseFacts) { p.Project = project.Name{ID: 29303649} }),
		"pause-flapping":  pause(event(prodege.Paused, prodege.MaxClicks, "DISABLED_BY_MAX_CLICKS"), func(p *project.PauseFacts) { p.Times = 4 }),
		"pause-sweep": pause(sampleSize(), func(p *project.PauseFacts) {
			p.Event.Source, p.Event.Reason, p.Event.Description = prodege.FromSweep, 0, ""
		}),
		"pause-odd": pause(event(prodege.Paused, 333, "SOMETHING_NEW"), func(p *project.PauseFacts) {
			p.Event.Unknown = []prodege.Field{{Name: "priority", Value: "high"}, {Name: "region", Value: "EMEA & <APAC>"}}
			p.Event.TimeGuessed, p.Event.Truncated = true, true
		}),
		"pause-live": pause(sampleSize(), func(p *project.PauseFacts) {
			p.End = &project.End{At: paused.Add(125 * time.Minute), Status: prodege.Live}
		}),
		"pause-live-cpi": pause(event(prodege.Paused, prodege.MaxClicks, ""), func(p *project.PauseFacts) {
			p.End = &project.End{At: paused.Add(8 * time.Minute), Status: prodege.Live, Decided: decided, By: "U0ANN", From: project.FromSlack}
			p.Request = alertLink
		}),
		"pause-live-rule": pause(event(prodege.Paused, prodege.MaxClicks, ""), func(p *project.PauseFacts) {
			p.End = &project.End{At: paused.Add(26 * time.Hour), Status: prodege.Live, Decided: paused.Add(25 * time.Hour), From: project.FromRule}
		}),
		"pause-complete": pause(sampleSize(), func(p *project.PauseFacts) {
			p.End = &project.End{At: paused.Add(50 * time.Hour), Status: prodege.Complete, Reason: 209}
		}),
		"pause-moved": pause(sampleSize(), func(p *project.PauseFacts) {
			e := event(prodege.Paused, prodege.HighDropOff, "DISABLED_BY_HIGH_DROP_OFF_RATE")
			p.Moved = &e
		}),
		"pause-moved-cpi": pause(sampleSize(), func(p *project.PauseFacts) {
			e := event(prodege.Paused, prodege.RealTimePricing, prodege.DescriptionCPI)
			e.RequiredCPI = usd("4.25")
			p.Moved, p.Request = &e, alertLink
		}),
		"pause-207-clock": pause(event(prodege.Paused, prodege.PausedInactive, ""), func(p *project.PauseFacts) { p.AutoComplete = prodege.AutoCompleteAt(paused) }),
		"rejection":       {Rejection: &project.RejectionFacts{Frame: frame(), Event: rejectedEvent()}},
		"rejection-live":  {Rejection: &project.RejectionFacts{Frame: frame(), Event: rejectedEvent(), Since: paused, End: &project.End{At: paused.Add(125 * time.Minute), Status: prodege.Live}}},
		"rejection-complete": {Rejection: &project.RejectionFacts{Frame: frame(), Event: rejectedEvent(), Since: paused,
			End: &project.End{At: paused.Add(50 * time.Hour), Status: prodege.Complete, Reason: prodege.ReconciliationComplete}}},
		"rejection-late": {Rejection: &project.RejectionFacts{Frame: frame(), Event: event(prodege.Complete, 0, prodege.DescriptionRejection), Late: true}},
	}
	for _, code := range []prodege.Reason{113, 156, 158, 207, 222, 244, 999} {
		cards[fmt.Sprintf("pause-%d", code)] = pause(event(prodege.Paused, code, ""), nil)
	}
	return cards
}

func requestFacts() map[string]project.Card {
	other := sampleSize()
	return map[string]project.Card{
		"request-open":            requestCard(project.PhaseOpen, nil),
		"request-open-anyone":     requestCard(project.PhaseOpen, func(r *project.RequestFacts) { r.Anyone, r.Simulated, r.Earlier = true, true, nil }),
		"request-open-newer":      requestCard(project.PhaseOpen, func(r *project.RequestFacts) { r.Generation, r.Previous = 2, usd("4.00") }),
		"request-open-unread":     requestCard(project.PhaseOpen, func(r *project.RequestFacts) { r.Numbers, r.Earlier, r.Project.Name = nil, nil, "" }),
		"request-open-no-amount":  requestCard(project.PhaseOpen, func(r *project.RequestFacts) { r.Required = nil }),
		"request-open-odd-amount": requestCard(project.PhaseOpen, func(r *project.RequestFacts) { r.Required, r.RequiredText = nil, "4,25 <per complete>" }),
		"request-open-by-hand": requestCard(project.PhaseOpen, func(r *project.RequestFacts) {
			r.NoAPIKey, r.Numbers, r.Project = true, nil, project.Name{ID: 29303649}
		}),
		"request-open-dry-run": requestCard(project.PhaseOpen, func(r *project.RequestFacts) { r.DryRun = true }),
		"request-open-again": requestCard(project.PhaseOpen, func(r *project.RequestFacts) {
			r.Decisions = []project.Decided{{Verdict: project.AskAgain, User: "U0BOB", At: decided, From: project.FromSlack}}
		}),
		"request-open-nobody":      requestCard(project.PhaseOpen, func(r *project.RequestFacts) { r.Nobody = true }),
		"request-open-max-unknown": requestCard(project.PhaseOpen, func(r *project.RequestFacts) { r.Numbers.MaxCPI = nil }),
		"request-open-max-reaches": requestCard(project.PhaseOpen, func(r *project.RequestFacts) { r.Numbers.MaxCPI = usd("4.50") }),
		"request-approved":         requestCard(project.PhaseApproved, approved("4.25")),
		"request-approved-up-to":   requestCard(project.PhaseApproved, approved("4.50")),
		"request-approved-by-rule": requestCard(project.PhaseApproved, func(r *project.RequestFacts) {
			r.Decisions = []project.Decided{{Verdict: project.Approve, Amount: usd("4.25"), At: paused, From: project.FromRule}}
		}),
		"request-held":     requestCard(project.PhaseHeld, approved("4.25")),
		"request-accepted": requestCard(project.PhaseAccepted, approved("4.25")),
		"request-accepted-only-live": requestCard(project.PhaseAccepted, also(approved("4.25"), func(r *project.RequestFacts) {
			r.Sent, r.Numbers.MaxCPI = nil, usd("4.50")
		})),
		"request-live":        requestCard(project.PhaseLive, approved("4.25")),
		"request-live-unread": requestCard(project.PhaseLive, also(approved("4.25"), func(r *project.RequestFacts) { r.SentUnread = true })),
		"request-still":       requestCard(project.PhaseStill, approved("4.25")),
		"request-refused":     requestCard(project.PhaseRefused, also(approved("4.25"), refused([]int{2014}, "the project is complete, nothing can be changed any more"))),
		"request-refused-ceiling": requestCard(project.PhaseRefused, also(approved("4.25"), func(r *project.RequestFacts) {
			r.Refusal = &project.Refusal{Party: project.PartyCeiling, Text: "the amount is above the ceiling that is configured now; nothing was sent"}
		})),
		"request-refused-ours": requestCard(project.PhaseRefused, also(approved("4.25"), func(r *project.RequestFacts) {
			r.Refusal = &project.Refusal{Party: project.PartyUs, Text: "$0.00 is no price"}
		})),
		"request-rejected-over": requestCard(project.PhaseRejected, func(r *project.RequestFacts) {
			r.Decisions = []project.Decided{{Verdict: project.Reject, User: "U0ANN", At: decided, From: project.FromSlack}}
			r.Closed = true
		}),
		"request-expired-over": requestCard(project.PhaseExpired, func(r *project.RequestFacts) { r.PhaseAt, r.Closed = r.Deadline, true }),
		"request-stopped":      requestCard(project.PhaseStopped, also(approved("4.25"), refused([]int{100}, "the API is under maintenance"))),
		"request-rejected": requestCard(project.PhaseRejected, func(r *project.RequestFacts) {
			r.Decisions = []project.Decided{{Verdict: project.Reject, User: "U0ANN", Reason: "Too expensive,\nclient says <no> & no", At: decided, From: project.FromCommand}}
		}),
		"request-closed": requestCard(project.PhaseRejected, also(approved("4.25"), func(r *project.RequestFacts) {
			r.Decisions = append(r.Decisions, project.Decided{Verdict: project.Close, User: "U0BOB", At: live.Add(time.Hour), From: project.FromSlack})
		})),
		"request-expired":           requestCard(project.PhaseExpired, func(r *project.RequestFacts) { r.PhaseAt = r.Deadline }),
		"request-elsewhere":         requestCard(project.PhaseElsewhere, nil),
		"request-elsewhere-maybe":   requestCard(project.PhaseElsewhere, also(approved("4.25"), func(r *project.RequestFacts) { r.MaybeSent = true })),
		"request-other":             requestCard(project.PhaseOther, func(r *project.RequestFacts) { r.Other = &other }),
		"request-ended":             requestCard(project.PhaseEnded, func(r *project.RequestFacts) { r.EndStatus = prodege.Complete }),
		"request-cancelled":         requestCard(project.PhaseCancelled, nil),
		"request-cancelled-decided": requestCard(project.PhaseCancelled, approved("4.25")),
		"request-dry-run": requestCard(project.PhaseDryRun, also(approved("4.25"), func(r *project.RequestFacts) {
			r.DryRun, r.Sent, r.Decisions[0].DryRun = true, nil, true
		})),
		"request-by-hand": requestCard(project.PhaseByHand, also(approved("4.25"), func(r *project.RequestFacts) { r.NoAPIKey, r.Sent, r.Numbers = true, nil, nil })),
	}
}

func limitFacts() map[string]project.Card {
	return map[string]project.Card{
		"request-open-limits": requestCard(project.PhaseOpen, func(r *project.RequestFacts) { r.SecondAbove, r.Ceiling = usd("4.00"), usd("6.00") }),
		"request-open-at-ceiling": requestCard(project.PhaseOpen, func(r *project.RequestFacts) {
			r.Ceiling, r.Numbers.MaxCPI, r.Numbers.Completes, r.Numbers.Wanted = usd("4.25"), nil, 0, 0
		}),
		"request-second":       requestCard(project.PhaseSecond, also(approved("4.25"), func(r *project.RequestFacts) { r.SecondAbove, r.Sent = usd("4.00"), nil })),
		"request-second-up-to": requestCard(project.PhaseSecond, also(approved("4.50"), func(r *project.RequestFacts) { r.SecondAbove, r.Ceiling, r.Sent = usd("4.00"), usd("6.00"), nil })),
		"request-over-limit":   requestCard(project.PhaseOverLimit, func(r *project.RequestFacts) { r.Ceiling = usd("4.00") }),
	}
}

func invoiceFacts() map[string]project.Card {
	cards := map[string]project.Card{
		"invoice-refused": invoiceCard(project.InvoiceRefused, func(i *project.InvoiceFacts) {
			i.Refusal = &project.Refusal{Party: "billing", Codes: []int{422}, Text: "billing refuses the invoice (HTTP 422)"}
		}),
		"invoice-slow": invoiceCard(project.InvoiceSlow, func(i *project.InvoiceFacts) {
			i.Refusal = &project.Refusal{Party: "billing", Codes: []int{503}, Text: "billing can't take it now (HTTP 503)"}
		}),
		"invoice-refused-ours": invoiceCard(project.InvoiceRefused, func(i *project.InvoiceFacts) {
			i.Refusal = &project.Refusal{Party: project.PartyUs, Text: "the billing address (BILLING_URL) can't be called"}
		}),
		"invoice-vouched":  invoiceCard(project.InvoiceAsked, func(i *project.InvoiceFacts) { i.Vouched = "U0ANN" }),
		"invoice-conflict": invoiceCard(project.InvoiceSent, func(i *project.InvoiceFacts) { i.Conflict = true }),
		"invoice-marked":   invoiceCard(project.InvoiceMarked, func(i *project.InvoiceFacts) { i.By = "U0FIN" }),
		"invoice-byhand":   invoiceCard(project.InvoiceByHand, nil),
		"invoice-byhand-inactive": invoiceCard(project.InvoiceByHand, func(i *project.InvoiceFacts) {
			i.Reason, i.Description, i.Note, i.CPI, i.Completes, i.Project = 209, "", "", nil, 0, project.Name{ID: 29303649}
		}),
		"invoice-revised": invoiceCard(project.InvoiceSent, func(i *project.InvoiceFacts) {
			i.Revision, i.Key, i.Note, i.Simulated = 2, "project-29303649-invoice-r2", "980 of 1,000 accepted", true
		}),
	}
	for _, phase := range []project.InvoicePhase{project.InvoiceDue, project.InvoiceSending, project.InvoiceHeld, project.InvoiceDryRun, project.InvoiceAsks, project.InvoiceSent, project.InvoiceAsked, project.InvoiceMissing, project.InvoiceReplaced, project.InvoiceDone, project.InvoiceCancelled, project.InvoiceDeleted} {
		cards["invoice-"+string(phase)] = invoiceCard(phase, nil)
	}
	return cards
}

func digestFacts() map[string]project.Card {
	item := func(id prodege.ProjectID, name string, reason prodege.Reason) project.DigestItem {
		return project.DigestItem{Project: project.Name{ID: id, Name: name}, Reason: reason, Since: paused, UI: "http://localhost:8233/namespaces/default/workflows/project-" + id.String()}
	}
	many := &project.Digest{More: 12, UI: "http://localhost:8233"}
	for n := range 60 {
		many.Items = append(many.Items, item(29303600+prodege.ProjectID(n), "", prodege.MaxClicks))
	}
	over := item(29303651, "Tea & biscuits <US>", prodege.HighDropOff)
	over.End = &project.End{At: paused.Add(20 * time.Minute), Status: prodege.Live}
	return map[string]project.Card{
		"digest":      {Digest: &project.Digest{Items: []project.DigestItem{item(29303649, "Spring tracker UK", prodege.SampleSize), item(29303650, "", 4711), over}, UI: "http://localhost:8233", Simulated: true}},
		"digest-many": {Digest: many},
	}
}

func reportFacts() map[string]project.Card {
	week := 7 * 24 * time.Hour
	cpi := project.ReportRow{Reason: prodege.RealTimePricing, Description: prodege.DescriptionCPI, Pauses: 9, Decided: 9, Live: 8, Standing: 1, ToDecision: 7 * time.Minute, ToLive: 9 * time.Minute,
		Still: 5 * time.Hour, Approved: *usd("1204.50"), Refused: *usd("300"), Unpriced: 2}
	sample := project.ReportRow{Reason: prodege.SampleSize, Pauses: 3, Decided: 2, Live: 2, ToDecision: 95 * time.Minute, ToLive: 2 * time.Hour, Still: 61 * time.Hour}
	odd := project.ReportRow{Reason: 333, Still: 168 * time.Hour, Standing: 1}
	full := project.Report{Since: paused.Add(-week), Until: paused, Rows: []project.ReportRow{cpi, sample, odd}, Projects: 214, UI: "http://localhost:8233",
		All:    project.ReportRow{Pauses: 12, Decided: 11, Live: 10, Standing: 2, ToDecision: 8 * time.Minute, ToLive: 11 * time.Minute, Still: 234 * time.Hour, Approved: *usd("1204.50"), Refused: *usd("300"), Unpriced: 2},
		Before: &project.ReportRow{Pauses: 15, Decided: 12, Live: 14, ToDecision: 21 * time.Minute, ToLive: 44 * time.Minute, Still: 310 * time.Hour}}
	unread := full
	unread.Unread, unread.Forgotten, unread.Simulated, unread.Before = 3, 1, true, nil
	return map[string]project.Card{
		"report":        {Report: &full},
		"report-unread": {Report: &unread},
		"report-calm":   {Report: &project.Report{Since: paused.Add(-week), Until: paused, Projects: 7, UI: "http://localhost:8233", Before: &project.ReportRow{}}},
	}
}

func noteFacts() map[string]project.Card {
	clicks := event(prodege.Paused, prodege.MaxClicks, "DISABLED_BY_MAX_CLICKS")
	pending := event(prodege.PendingComplete, prodege.ReconciliationTried, "")
	pending.ReconciliationNote = "Reconciliation file received"
	complete := event(prodege.Complete, prodege.ReconciliationComplete, "COMPLETE_RECONCILIATION")
	complete.ReconciliationNote = "988 of 1,000 accepted"
	return map[string]project.Card{
		"note-paused-again":     noteCard(project.NotePausedAgain, func(n *project.Note) { n.Event, n.Times = &clicks, 3 }),
		"note-other-reason":     noteCard(project.NoteOtherReason, withEvent(event(prodege.Paused, prodege.HighDropOff, ""))),
		"note-asks-cpi":         noteCard(project.NoteAsksCPI, func(n *project.Note) { withEvent(event(prodege.Paused, 160, ""))(n); n.Link = alertLink }),
		"note-resumed":          noteCard(project.NoteResumed, withEvent(event(prodege.Live, 0, ""))),
		"note-pending-complete": noteCard(project.NotePendingComplete, withEvent(pending)),
		"note-reconciliation":   noteCard(project.NoteReconciliation, withEvent(complete)),
		"note-new-amount":       noteCard(project.NoteNewAmount, func(n *project.Note) { n.Amount, n.Previous = usd("4.75"), usd("4.25") }),
		"note-asked-again": noteCard(project.NoteAskedAgain, func(n *project.Note) {
			n.Amount, n.Deadline, n.Decision = usd("4.25"), paused.Add(48*time.Hour), &project.Decided{Verdict: project.AskAgain, User: "U0BOB", At: live, From: project.FromSlack}
		}),
		"note-refused-ours": noteCard(project.NoteFailed, func(n *project.Note) {
			n.Phase, n.Mention = project.PhaseRefused, []string{"U0ANN"}
			n.Decision = &project.Decided{Verdict: project.Approve, User: "U0ANN", Amount: usd("4.25"), At: decided, From: project.FromSlack}
			n.Refusal = &project.Refusal{Party: project.PartyUs, Text: "$0.00 is no price"}
		}),
		"note-reminder": noteCard(project.NoteReminder, func(n *project.Note) { n.Amount, n.Deadline = usd("4.25"), paused.Add(24*time.Hour) }),
		"note-last-reminder": noteCard(project.NoteLastReminder, func(n *project.Note) {
			n.Amount, n.Deadline, n.Mention = usd("4.25"), paused.Add(24*time.Hour), []string{"U0ANN", "S0OPS"}
		}),
		"note-expired": noteCard(project.NoteExpired, func(n *project.Note) { n.Amount, n.Mention, n.Link = usd("4.25"), []string{"S0OPS"}, alertLink }),
		"note-refused": noteCard(project.NoteFailed, func(n *project.Note) {
			n.Phase, n.Mention = project.PhaseRefused, []string{"U0ANN", "U0BOB"}
			n.Decision = &project.Decided{Verdict: project.TryAgain, User: "U0BOB", Amount: usd("4.25"), At: decided, From: project.FromSlack}
			n.Refusal = &project.Refusal{Party: "Prodege", Codes: []int{2014}, Text: "the project is complete, nothing can be changed any more"}
		}),
		"note-stopped": noteCard(project.NoteFailed, func(n *project.Note) {
			n.Phase, n.Decision = project.PhaseStopped, &project.Decided{Verdict: project.Approve, Amount: usd("4.25"), At: decided, From: project.FromRule}
			n.Refusal = &project.Refusal{Party: "Prodege", Text: "no answer within 30 minutes; the acceptance may or may not have arrived"}
		}),
		"note-still": noteCard(project.NoteFailed, func(n *project.Note) {
			n.Phase, n.Mention, n.Decision = project.PhaseStill, []string{"U0ANN"}, &project.Decided{Verdict: project.Approve, User: "U0ANN", Amount: usd("4.25"), At: decided, From: project.FromSlack}
		}),
		"note-act-refused": noteCard(project.NoteFailed, func(n *project.Note) {
			n.Phase, n.Mention = project.PhaseRefused, []string{"U0ANN"}
			n.Decision = &project.Decided{Verdict: project.ChooseAction, User: "U0ANN", Action: prodege.ActSample, Number: 1200, At: decided, From: project.FromSlack}
			n.Refusal = &project.Refusal{Party: "Prodege", Codes: []int{2017}, Text: "status change not allowed"}
		}),
		"note-act-still": noteCard(project.NoteFailed, func(n *project.Note) {
			n.Phase, n.Mention, n.Decision = project.PhaseStill, []string{"U0ANN"}, &project.Decided{Verdict: project.ChooseAction, User: "U0ANN", Action: prodege.ActLive, At: decided, From: project.FromSlack}
		}),
		"note-more": noteCard(project.NoteMore, func(n *project.Note) { n.Event, n.Times = &clicks, 37 }),
		"note-auto-complete": noteCard(project.NoteAutoComplete, func(n *project.Note) {
			n.Since, n.Deadline, n.Mention = paused, prodege.AutoCompleteAt(paused), []string{"S0OPS"}
		}),
		"note-auto-completed": noteCard(project.NoteAutoCompleted, func(n *project.Note) {
			withEvent(event(prodege.Complete, prodege.CompleteInactive, ""))(n)
			n.Since = paused
		}),
		"note-outage": noteCard(project.NoteOutage, func(n *project.Note) {
			n.Channel, n.What, n.Since, n.Mention = "C0APPROVALS", "CPI request", paused, []string{"S0OPS"}
			n.Refusal = &project.Refusal{Party: "Slack", Text: "the channel is archived: unarchive it, or configure another one"}
		}),
		"note-outage-over": noteCard(project.NoteOutage, func(n *project.Note) {
			n.Channel, n.What, n.Since, n.Over = "C0FINANCE", "invoice", paused, live
			n.Refusal = &project.Refusal{Party: "Slack", Text: "the channel is archived: unarchive it, or configure another one"}
		}),
		"note-unknown": noteCard(project.NoteUnknown, withEvent(event("ARCHIVED", 0, "MOVED_TO_ARCHIVE"))),
	}
}

func answerFacts() map[string]project.Card {
	ann := project.Decided{Verdict: project.Approve, User: "U0ANN", Amount: usd("4.25"), At: decided, From: project.FromSlack}
	return map[string]project.Card{
		"answer-recorded": answerCard(project.AnswerRecorded, func(a *project.Answer) { a.Verdict, a.Amount = project.Approve, usd("4.25") }),
		"answer-pause-recorded": answerCard(project.AnswerRecorded, func(a *project.Answer) {
			a.OfPause, a.Verdict = true, project.ChooseAction
			a.Decision = &project.Decided{Verdict: project.ChooseAction, Action: prodege.ActSample, Number: 1200}
		}),
		"answer-too-much":       answerCard(project.AnswerTooMuch, func(a *project.Answer) { a.Amount = usd("8.50") }),
		"answer-pause-too-much": answerCard(project.AnswerTooMuch, func(a *project.Answer) { a.OfPause = true }),
		"answer-invoice-closed": answerCard(project.AnswerClosed, func(a *project.Answer) { a.OfInvoice = true }),
		"answer-not-allowed":    answerCard(project.AnswerNotAllowed, nil),
		"answer-no-list":        answerCard(project.AnswerNoList, nil),
		"answer-nobody":         answerCard(project.AnswerNobody, nil),
		"answer-decided":        answerCard(project.AnswerDecided, func(a *project.Answer) { a.Decision = &ann }),
		"answer-superseded":     answerCard(project.AnswerSuperseded, func(a *project.Answer) { a.Amount = usd("4.75") }),
		"answer-expired":        answerCard(project.AnswerExpired, nil),
		"answer-closed":         answerCard(project.AnswerClosed, func(a *project.Answer) { a.Phase, a.Decision, a.Simulated = project.PhaseLive, &ann, true }),
		"answer-closed-bare":    answerCard(project.AnswerClosed, func(a *project.Answer) { a.Phase = project.PhaseEnded }),
		"answer-same-person":    answerCard(project.AnswerSamePerson, func(a *project.Answer) { a.Amount = usd("4.25") }),
		"answer-mismatch":       answerCard(project.AnswerMismatch, nil),
		"answer-ceiling":        answerCard(project.AnswerOverCeiling, func(a *project.Answer) { a.Amount = usd("6.00") }),
		"answer-older-invoice":  answerCard(project.AnswerSuperseded, nil),
		"answer-not-now":        answerCard(project.AnswerNotNow, func(a *project.Answer) { a.Phase = project.PhaseAccepted }),
		"answer-not-taken":      answerCard(project.AnswerNotRecorded, nil),
		"answer-foreign":        answerCard(project.AnswerForeign, nil),
	}
}

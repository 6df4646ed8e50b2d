package cards

import (
	"fmt"
	"time"

	"fieldmarshal/prodege"
)

// The facts behind the golden files: every message in every state.

var (
	paused  = time.Date(2026, 3, 10, 21, 2, 0, 0, time.UTC)
	decided = paused.Add(7 * time.Minute)
	live    = paused.Add(8 * time.Minute)
)

func usd(text string) *prodege.USD { u := prodege.MustUSD(text); return &u }

func frame() Frame {
	return Frame{
		Project: Project{ID: 29303649, Name: "Spring tracker UK", PONumber: "4711"},
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

func request(phase Phase, change func(*Request)) Card {
	r := Request{
		Frame: frame(), Workflow: "project-29303649-cpi-644b075404443f2a3c77c7cb", Generation: 1, Required: usd("4.25"),
		Numbers: &Numbers{
			CPI: usd("3.90"), AvgCPI: usd("3.60"), MaxCPI: usd("3.75"), Completes: 600, Wanted: 1000,
			BidIR: "30", ActualIR: "22", BidLOI: "12", ActualLOI: "15", AsOf: paused.Add(time.Minute),
		},
		PausedAt: paused, Deadline: paused.Add(24 * time.Hour), Phase: phase, PhaseAt: live, Alert: alertLink,
		Earlier: []Decision{
			{Verdict: Approve, User: "U0ANN", Amount: usd("3.75"), At: paused.Add(-50 * time.Hour), From: FromSlack},
			{Verdict: Reject, User: "U0BOB", Amount: usd("3.60"), Reason: "wait for the new budget", At: paused.Add(-74 * time.Hour), From: FromSlack},
			{Verdict: Approve, Amount: usd("3.50"), At: paused.Add(-98 * time.Hour), From: FromRule},
		},
	}
	if change != nil {
		change(&r)
	}
	return Card{Request: &r}
}

func approved(amount string) func(*Request) {
	return func(r *Request) {
		r.Decisions = []Decision{{Verdict: Approve, User: "U0ANN", Amount: usd(amount), At: decided, From: FromSlack}}
		r.Sent = usd(amount)
	}
}

func also(changes ...func(*Request)) func(*Request) {
	return func(r *Request) {
		for _, c := range changes {
			c(r)
		}
	}
}

func refused(codes []int, text string) func(*Request) {
	return func(r *Request) { r.Refusal, r.Sent = &Refusal{Party: "Prodege", Codes: codes, Text: text}, nil }
}

func invoice(phase InvoicePhase, change func(*Invoice)) Card {
	i := Invoice{
		Frame: frame(), Workflow: "project-29303649-invoicing", Key: "project-29303649-invoice-r1", Revision: 1, Phase: phase, PhaseAt: live,
		CompletedAt: paused, Reason: prodege.ReconciliationComplete, Description: "COMPLETE_RECONCILIATION",
		Note: "988 of 1,000 accepted", CPI: usd("4.25"), Completes: 988, Billing: true,
	}
	if change != nil {
		change(&i)
	}
	return Card{Invoice: &i}
}

func note(kind NoteKind, change func(*Note)) Card {
	n := Note{Frame: frame(), Kind: kind}
	n.UI = ""
	if change != nil {
		change(&n)
	}
	return Card{Note: &n}
}

func withEvent(e prodege.Event) func(*Note) { return func(n *Note) { n.Event = &e } }

func answer(kind AnswerKind, change func(*Answer)) Card {
	a := Answer{Kind: kind, Project: frame().Project}
	if change != nil {
		change(&a)
	}
	return Card{Answer: &a}
}

// facts names each golden file and gives what it shows.
func facts() map[string]Card {
	all := map[string]Card{}
	for _, group := range []map[string]Card{pauseFacts(), actingFacts(), requestFacts(), limitFacts(), invoiceFacts(), noteFacts(), answerFacts(), digestFacts(), reportFacts()} {
		for name, card := range group {
			if _, twice := all[name]; twice {
				panic("two cards named " + name)
			}
			all[name] = card
		}
	}
	return all
}

func pauseFacts() map[string]Card {
	pause := func(e prodege.Event, change func(*Pause)) Card {
		p := Pause{Frame: frame(), Event: e, Since: paused, Times: 1}
		if change != nil {
			change(&p)
		}
		return Card{Pause: &p}
	}
	cards := map[string]Card{
		"pause-simulated": pause(sampleSize(), func(p *Pause) { p.Simulated = true }),
		"pause-no-name":   pause(sampleSize(), func(p *Pause) { p.Project = Project{ID: 29303649} }),
		"pause-flapping":  pause(event(prodege.Paused, prodege.MaxClicks, "DISABLED_BY_MAX_CLICKS"), func(p *Pause) { p.Times = 4 }),
		"pause-sweep": pause(sampleSize(), func(p *Pause) {
			p.Event.Source, p.Event.Reason, p.Event.Description = prodege.FromSweep, 0, ""
		}),
		"pause-odd": pause(event(prodege.Paused, 333, "SOMETHING_NEW"), func(p *Pause) {
			p.Event.Unknown = []prodege.Field{{Name: "priority", Value: "high"}, {Name: "region", Value: "EMEA & <APAC>"}}
			p.Event.TimeGuessed, p.Event.Truncated = true, true
		}),
		"pause-live": pause(sampleSize(), func(p *Pause) { p.End = &End{At: paused.Add(125 * time.Minute), Status: prodege.Live} }),
		"pause-live-cpi": pause(event(prodege.Paused, prodege.MaxClicks, ""), func(p *Pause) {
			p.End = &End{At: paused.Add(8 * time.Minute), Status: prodege.Live, Decided: decided, By: "U0ANN", From: FromSlack}
			p.Request = alertLink
		}),
		"pause-live-rule": pause(event(prodege.Paused, prodege.MaxClicks, ""), func(p *Pause) {
			p.End = &End{At: paused.Add(26 * time.Hour), Status: prodege.Live, Decided: paused.Add(25 * time.Hour), From: FromRule}
		}),
		"pause-complete": pause(sampleSize(), func(p *Pause) { p.End = &End{At: paused.Add(50 * time.Hour), Status: prodege.Complete, Reason: 209} }),
		"pause-moved": pause(sampleSize(), func(p *Pause) {
			e := event(prodege.Paused, prodege.HighDropOff, "DISABLED_BY_HIGH_DROP_OFF_RATE")
			p.Moved = &e
		}),
		"pause-moved-cpi": pause(sampleSize(), func(p *Pause) {
			e := event(prodege.Paused, prodege.RealTimePricing, prodege.DescriptionCPI)
			e.RequiredCPI = usd("4.25")
			p.Moved, p.Request = &e, alertLink
		}),
		"pause-207-clock": pause(event(prodege.Paused, prodege.PausedInactive, ""), func(p *Pause) { p.AutoComplete = prodege.AutoCompleteAt(paused) }),
		"rejection":       {Rejection: &Rejection{Frame: frame(), Event: rejectedEvent()}},
		"rejection-live":  {Rejection: &Rejection{Frame: frame(), Event: rejectedEvent(), Since: paused, End: &End{At: paused.Add(125 * time.Minute), Status: prodege.Live}}},
		"rejection-complete": {Rejection: &Rejection{Frame: frame(), Event: rejectedEvent(), Since: paused,
			End: &End{At: paused.Add(50 * time.Hour), Status: prodege.Complete, Reason: prodege.ReconciliationComplete}}},
		"rejection-late": {Rejection: &Rejection{Frame: frame(), Event: event(prodege.Complete, 0, prodege.DescriptionRejection), Late: true}},
	}
	for _, code := range []prodege.Reason{113, 156, 158, 207, 222, 244, 999} {
		cards[fmt.Sprintf("pause-%d", code)] = pause(event(prodege.Paused, code, ""), nil)
	}
	return cards
}

func requestFacts() map[string]Card {
	other := sampleSize()
	return map[string]Card{
		"request-open":           request(PhaseOpen, nil),
		"request-open-anyone":    request(PhaseOpen, func(r *Request) { r.Anyone, r.Simulated, r.Earlier = true, true, nil }),
		"request-open-newer":     request(PhaseOpen, func(r *Request) { r.Generation, r.Previous = 2, usd("4.00") }),
		"request-open-unread":    request(PhaseOpen, func(r *Request) { r.Numbers, r.Earlier, r.Project.Name = nil, nil, "" }),
		"request-open-no-amount": request(PhaseOpen, func(r *Request) { r.Required = nil }),
		"request-open-by-hand":   request(PhaseOpen, func(r *Request) { r.NoAPIKey, r.Numbers, r.Project = true, nil, Project{ID: 29303649} }),
		"request-open-dry-run":   request(PhaseOpen, func(r *Request) { r.DryRun = true }),
		"request-open-again": request(PhaseOpen, func(r *Request) {
			r.Decisions = []Decision{{Verdict: AskAgain, User: "U0BOB", At: decided, From: FromSlack}}
		}),
		"request-open-max-reaches": request(PhaseOpen, func(r *Request) { r.Numbers.MaxCPI = usd("4.50") }),
		"request-approved":         request(PhaseApproved, approved("4.25")),
		"request-approved-up-to":   request(PhaseApproved, approved("4.50")),
		"request-approved-by-rule": request(PhaseApproved, func(r *Request) {
			r.Decisions = []Decision{{Verdict: Approve, Amount: usd("4.25"), At: paused, From: FromRule}}
		}),
		"request-held":     request(PhaseHeld, approved("4.25")),
		"request-accepted": request(PhaseAccepted, approved("4.25")),
		"request-accepted-only-live": request(PhaseAccepted, also(approved("4.25"), func(r *Request) {
			r.Sent, r.Numbers.MaxCPI = nil, usd("4.50")
		})),
		"request-live":        request(PhaseLive, approved("4.25")),
		"request-live-unread": request(PhaseLive, also(approved("4.25"), func(r *Request) { r.SentUnread = true })),
		"request-still":       request(PhaseStill, approved("4.25")),
		"request-refused":     request(PhaseRefused, also(approved("4.25"), refused([]int{2014}, "the project is complete, nothing can be changed any more"))),
		"request-refused-ceiling": request(PhaseRefused, also(approved("4.25"), func(r *Request) {
			r.Refusal = &Refusal{Party: PartyCeiling, Text: "the amount is above the ceiling that is configured now; nothing was sent"}
		})),
		"request-stopped": request(PhaseStopped, also(approved("4.25"), refused([]int{100}, "the API is under maintenance"))),
		"request-rejected": request(PhaseRejected, func(r *Request) {
			r.Decisions = []Decision{{Verdict: Reject, User: "U0ANN", Reason: "Too expensive,\nclient says <no> & no", At: decided, From: FromCommand}}
		}),
		"request-closed": request(PhaseRejected, also(approved("4.25"), func(r *Request) {
			r.Decisions = append(r.Decisions, Decision{Verdict: Close, User: "U0BOB", At: live.Add(time.Hour), From: FromSlack})
		})),
		"request-expired":           request(PhaseExpired, func(r *Request) { r.PhaseAt = r.Deadline }),
		"request-elsewhere":         request(PhaseElsewhere, nil),
		"request-elsewhere-maybe":   request(PhaseElsewhere, also(approved("4.25"), func(r *Request) { r.MaybeSent = true })),
		"request-other":             request(PhaseOther, func(r *Request) { r.Other = &other }),
		"request-ended":             request(PhaseEnded, func(r *Request) { r.EndStatus = prodege.Complete }),
		"request-cancelled":         request(PhaseCancelled, nil),
		"request-cancelled-decided": request(PhaseCancelled, approved("4.25")),
		"request-dry-run": request(PhaseDryRun, also(approved("4.25"), func(r *Request) {
			r.DryRun, r.Sent, r.Decisions[0].DryRun = true, nil, true
		})),
		"request-by-hand": request(PhaseByHand, also(approved("4.25"), func(r *Request) { r.NoAPIKey, r.Sent, r.Numbers = true, nil, nil })),
	}
}

func limitFacts() map[string]Card {
	return map[string]Card{
		"request-open-limits": request(PhaseOpen, func(r *Request) { r.SecondAbove, r.Ceiling = usd("4.00"), usd("6.00") }),
		"request-open-at-ceiling": request(PhaseOpen, func(r *Request) {
			r.Ceiling, r.Numbers.MaxCPI, r.Numbers.Completes, r.Numbers.Wanted = usd("4.25"), nil, 0, 0
		}),
		"request-second":       request(PhaseSecond, also(approved("4.25"), func(r *Request) { r.SecondAbove, r.Sent = usd("4.00"), nil })),
		"request-second-up-to": request(PhaseSecond, also(approved("4.50"), func(r *Request) { r.SecondAbove, r.Ceiling, r.Sent = usd("4.00"), usd("6.00"), nil })),
		"request-over-limit":   request(PhaseOverLimit, func(r *Request) { r.Ceiling = usd("4.00") }),
	}
}

func invoiceFacts() map[string]Card {
	cards := map[string]Card{
		"invoice-refused": invoice(InvoiceRefused, func(i *Invoice) {
			i.Refusal = &Refusal{Party: "billing", Codes: []int{422}, Text: "unknown purchase order"}
		}),
		"invoice-slow": invoice(InvoiceSlow, func(i *Invoice) {
			i.Refusal = &Refusal{Party: "billing", Codes: []int{503}, Text: "service unavailable"}
		}),
		"invoice-marked": invoice(InvoiceMarked, func(i *Invoice) { i.By, i.Billing = "U0FIN", false }),
		"invoice-byhand": invoice(InvoiceByHand, func(i *Invoice) { i.Billing = false }),
		"invoice-byhand-inactive": invoice(InvoiceByHand, func(i *Invoice) {
			i.Billing, i.Reason, i.Description, i.Note, i.CPI, i.Completes, i.Project = false, 209, "", "", nil, 0, Project{ID: 29303649}
		}),
		"invoice-revised": invoice(InvoiceSent, func(i *Invoice) {
			i.Revision, i.Key, i.Note, i.Simulated = 2, "project-29303649-invoice-r2", "980 of 1,000 accepted", true
		}),
	}
	for _, phase := range []InvoicePhase{InvoiceHeld, InvoiceDryRun, InvoiceAsks, InvoiceSent, InvoiceAsked, InvoiceMissing, InvoiceDone, InvoiceCancelled, InvoiceDeleted} {
		cards["invoice-"+string(phase)] = invoice(phase, nil)
	}
	return cards
}

func digestFacts() map[string]Card {
	item := func(id prodege.ProjectID, name string, reason prodege.Reason) DigestItem {
		return DigestItem{Project: Project{ID: id, Name: name}, Reason: reason, Since: paused, UI: "http://localhost:8233/namespaces/default/workflows/project-" + id.String()}
	}
	many := &Digest{More: 12, UI: "http://localhost:8233"}
	for n := range 60 {
		many.Items = append(many.Items, item(29303600+prodege.ProjectID(n), "", prodege.MaxClicks))
	}
	over := item(29303651, "Tea & biscuits <US>", prodege.HighDropOff)
	over.End = &End{At: paused.Add(20 * time.Minute), Status: prodege.Live}
	return map[string]Card{
		"digest":      {Digest: &Digest{Items: []DigestItem{item(29303649, "Spring tracker UK", prodege.SampleSize), item(29303650, "", 4711), over}, UI: "http://localhost:8233", Simulated: true}},
		"digest-many": {Digest: many},
	}
}

func reportFacts() map[string]Card {
	week := 7 * 24 * time.Hour
	cpi := ReportRow{Reason: prodege.RealTimePricing, Description: prodege.DescriptionCPI, Pauses: 9, Decided: 9, Live: 8, Standing: 1, ToDecision: 7 * time.Minute, ToLive: 9 * time.Minute,
		Still: 5 * time.Hour, Approved: *usd("1204.50"), Refused: *usd("300"), Unpriced: 2}
	sample := ReportRow{Reason: prodege.SampleSize, Pauses: 3, Decided: 2, Live: 2, ToDecision: 95 * time.Minute, ToLive: 2 * time.Hour, Still: 61 * time.Hour}
	odd := ReportRow{Reason: 333, Still: 168 * time.Hour, Standing: 1}
	full := Report{Since: paused.Add(-week), Until: paused, Rows: []ReportRow{cpi, sample, odd}, Projects: 214, UI: "http://localhost:8233",
		All:    ReportRow{Pauses: 12, Decided: 11, Live: 10, Standing: 2, ToDecision: 8 * time.Minute, ToLive: 11 * time.Minute, Still: 234 * time.Hour, Approved: *usd("1204.50"), Refused: *usd("300"), Unpriced: 2},
		Before: &ReportRow{Pauses: 15, Decided: 12, Live: 14, ToDecision: 21 * time.Minute, ToLive: 44 * time.Minute, Still: 310 * time.Hour}}
	unread := full
	unread.Unread, unread.Forgotten, unread.Simulated, unread.Before = 3, 1, true, nil
	return map[string]Card{
		"report":        {Report: &full},
		"report-unread": {Report: &unread},
		"report-calm":   {Report: &Report{Since: paused.Add(-week), Until: paused, Projects: 7, UI: "http://localhost:8233", Before: &ReportRow{}}},
	}
}

func noteFacts() map[string]Card {
	clicks := event(prodege.Paused, prodege.MaxClicks, "DISABLED_BY_MAX_CLICKS")
	pending := event(prodege.PendingComplete, prodege.ReconciliationTried, "")
	pending.ReconciliationNote = "Reconciliation file received"
	complete := event(prodege.Complete, prodege.ReconciliationComplete, "COMPLETE_RECONCILIATION")
	complete.ReconciliationNote = "988 of 1,000 accepted"
	return map[string]Card{
		"note-paused-again":     note(NotePausedAgain, func(n *Note) { n.Event, n.Times = &clicks, 3 }),
		"note-other-reason":     note(NoteOtherReason, withEvent(event(prodege.Paused, prodege.HighDropOff, ""))),
		"note-asks-cpi":         note(NoteAsksCPI, func(n *Note) { withEvent(event(prodege.Paused, 160, ""))(n); n.Link = alertLink }),
		"note-resumed":          note(NoteResumed, withEvent(event(prodege.Live, 0, ""))),
		"note-pending-complete": note(NotePendingComplete, withEvent(pending)),
		"note-reconciliation":   note(NoteReconciliation, withEvent(complete)),
		"note-new-amount":       note(NoteNewAmount, func(n *Note) { n.Amount, n.Previous = usd("4.75"), usd("4.25") }),
		"note-reminder":         note(NoteReminder, func(n *Note) { n.Amount, n.Deadline = usd("4.25"), paused.Add(24*time.Hour) }),
		"note-last-reminder": note(NoteLastReminder, func(n *Note) {
			n.Amount, n.Deadline, n.Mention = usd("4.25"), paused.Add(24*time.Hour), []string{"U0ANN", "S0OPS"}
		}),
		"note-expired": note(NoteExpired, func(n *Note) { n.Amount, n.Mention, n.Link = usd("4.25"), []string{"S0OPS"}, alertLink }),
		"note-refused": note(NoteFailed, func(n *Note) {
			n.Phase, n.Mention = PhaseRefused, []string{"U0ANN", "U0BOB"}
			n.Decision = &Decision{Verdict: TryAgain, User: "U0BOB", Amount: usd("4.25"), At: decided, From: FromSlack}
			n.Refusal = &Refusal{Party: "Prodege", Codes: []int{2014}, Text: "the project is complete, nothing can be changed any more"}
		}),
		"note-stopped": note(NoteFailed, func(n *Note) {
			n.Phase, n.Decision = PhaseStopped, &Decision{Verdict: Approve, Amount: usd("4.25"), At: decided, From: FromRule}
			n.Refusal = &Refusal{Party: "Prodege", Text: "no answer within 30 minutes; the acceptance may or may not have arrived"}
		}),
		"note-still": note(NoteFailed, func(n *Note) {
			n.Phase, n.Mention, n.Decision = PhaseStill, []string{"U0ANN"}, &Decision{Verdict: Approve, User: "U0ANN", Amount: usd("4.25"), At: decided, From: FromSlack}
		}),
		"note-act-refused": note(NoteFailed, func(n *Note) {
			n.Phase, n.Mention = PhaseRefused, []string{"U0ANN"}
			n.Decision = &Decision{Verdict: Act, User: "U0ANN", Action: prodege.ActSample, Number: 1200, At: decided, From: FromSlack}
			n.Refusal = &Refusal{Party: "Prodege", Codes: []int{2017}, Text: "status change not allowed"}
		}),
		"note-act-still": note(NoteFailed, func(n *Note) {
			n.Phase, n.Mention, n.Decision = PhaseStill, []string{"U0ANN"}, &Decision{Verdict: Act, User: "U0ANN", Action: prodege.ActLive, At: decided, From: FromSlack}
		}),
		"note-more": note(NoteMore, func(n *Note) { n.Event, n.Times = &clicks, 37 }),
		"note-auto-complete": note(NoteAutoComplete, func(n *Note) {
			n.Since, n.Deadline, n.Mention = paused, prodege.AutoCompleteAt(paused), []string{"S0OPS"}
		}),
		"note-auto-completed": note(NoteAutoCompleted, func(n *Note) {
			withEvent(event(prodege.Complete, prodege.CompleteInactive, ""))(n)
			n.Since = paused
		}),
		"note-unknown": note(NoteUnknown, withEvent(event("ARCHIVED", 0, "MOVED_TO_ARCHIVE"))),
	}
}

func answerFacts() map[string]Card {
	ann := Decision{Verdict: Approve, User: "U0ANN", Amount: usd("4.25"), At: decided, From: FromSlack}
	return map[string]Card{
		"answer-not-allowed":   answer(AnswerNotAllowed, nil),
		"answer-no-list":       answer(AnswerNoList, nil),
		"answer-decided":       answer(AnswerDecided, func(a *Answer) { a.Decision = &ann }),
		"answer-superseded":    answer(AnswerSuperseded, func(a *Answer) { a.Amount = usd("4.75") }),
		"answer-expired":       answer(AnswerExpired, nil),
		"answer-closed":        answer(AnswerClosed, func(a *Answer) { a.Phase, a.Decision, a.Simulated = PhaseLive, &ann, true }),
		"answer-closed-bare":   answer(AnswerClosed, func(a *Answer) { a.Phase = PhaseEnded }),
		"answer-same-person":   answer(AnswerSamePerson, func(a *Answer) { a.Amount = usd("4.25") }),
		"answer-mismatch":      answer(AnswerMismatch, nil),
		"answer-ceiling":       answer(AnswerOverCeiling, func(a *Answer) { a.Amount = usd("6.00") }),
		"answer-older-invoice": answer(AnswerSuperseded, nil),
		"answer-not-now":       answer(AnswerNotNow, func(a *Answer) { a.Phase = PhaseAccepted }),
		"answer-not-taken":     answer(AnswerNotTaken, nil),
		"answer-foreign":       answer(AnswerForeign, nil),
	}
}

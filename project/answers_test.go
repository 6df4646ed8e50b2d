package project

import (
	"slices"
	"strings"
	"time"

	"fieldmarshal/prodege"
)

// How the counterparties of the model world respond: every running task can have every result that is possible in
// reality. Failures count against the model's number of faults.

// resultTransitions appends every possible result of every running task.
func (w *world) resultTransitions(list []transition) []transition {
	for i := range w.running {
		r := &w.running[i]
		id, task, card := r.task.ID, r.task, r.card
		kind := task.Kind()
		mayRepeat := strings.HasPrefix(id, "read/poll/") || kind == KindAccept && w.switchOff
		add := func(outcome string, fault bool, do func(w *world, r *Result)) {
			if fault && !w.mayFail(kind, outcome) {
				return
			}
			list = append(list, transition{kind: string(kind) + ": " + outcome, label: id + ": " + outcome, happyPath: !fault && outcome != "conflict" && outcome != "stale reading", mayRepeat: mayRepeat && !fault, do: func(w *world) Turn {
				if fault && !w.m.unbounded {
					w.faultsLeft--
				}
				w.running = slices.DeleteFunc(w.running, func(r running) bool { return r.task.ID == id })
				res := Result{ID: id}
				do(w, &res)
				return Turn{Results: []Result{res}}
			}})
		}
		addFailure := func(outcome string, f Failure) {
			f.Text = outcome
			add(outcome, true, func(_ *world, r *Result) { r.Failure = &f })
		}
		switch kind {
		case KindPost:
			w.postResults(task.Post, card, add, addFailure)
		case KindEdit:
			w.editResults(task.Edit, card, add, addFailure)
		case KindEphemeral, KindDigest:
			add("ok", false, func(*world, *Result) {})
			addFailure("transient", Failure{Kind: FailedTransient})
			addFailure("refused", Failure{Kind: FailedRefused})
		case KindRead:
			isPoll, overtaken, before, asked := r.isPoll(), r.overtaken, r.truthAtStart, r.started
			answer := func(w *world, t *truth) *Reading {
				out := w.reading(task.Read, t)
				if out.Asked = asked; isPoll && !overtaken {
					w.pollTimes = append(slices.Clone(w.pollTimes[:min(1, len(w.pollTimes))]), asked) // the first and the last
				}
				return out
			}
			add("ok", false, func(w *world, r *Result) { r.Reading = answer(w, &w.truth) })
			if isPoll && !before.equal(&w.truth) {
				add("stale reading", false, func(w *world, r *Result) { r.Reading = answer(w, &before) })
			}
			addFailure("transient", Failure{Kind: FailedTransient})
			addFailure("refused", Failure{Kind: FailedRefused, Refusal: &Refusal{Party: "Prodege", Codes: []int{101}}})
		case KindPermission:
			add("ok", false, func(_ *world, r *Result) {
				r.Permission = &Permission{Allowed: isApprover(task.Permission.User), Known: true}
			})
			add("approvers unknown", true, func(_ *world, r *Result) { r.Permission = &Permission{} })
			addFailure("transient", Failure{Kind: FailedTransient})
		case KindEarlier:
			add("ok", false, func(w *world, r *Result) { r.Earlier = &EarlierFound{Found: w.m.hadEarlierRun} })
			addFailure("transient", Failure{Kind: FailedTransient})
		case KindAccept:
			w.acceptResults(task.Accept, add, addFailure)
		case KindAct:
			w.actResults(task.Act, add, addFailure)
		case KindInvoice:
			w.invoiceResults(task.Invoice, add, addFailure)
		}
	}
	return list
}

// mayFail reports whether a task of kind k may end with a fault now.
func (w *world) mayFail(k Kind, outcome string) bool {
	if w.faultsLeft <= 0 {
		return false
	}
	if w.m.possibleFaults == nil {
		return true
	}
	for _, may := range w.m.possibleFaults(k) {
		if may == outcome || may == "any" {
			return true
		}
	}
	return false
}

func (w *world) messageByKey(key string) *slackMessage {
	for i := range w.messages {
		if w.messages[i].key == key {
			return &w.messages[i]
		}
	}
	return nil
}

// putMessage posts or edits a message in Slack.
func (w *world) putMessage(key string, card cardSummary, c *Card) *slackMessage {
	m := w.messageByKey(key)
	if m == nil {
		w.messages = append(w.messages, slackMessage{key: key, ts: "ts " + key})
		w.postedKeys = append(w.postedKeys[:len(w.postedKeys):len(w.postedKeys)], key)
		slices.SortFunc(w.messages, func(a, b slackMessage) int { return strings.Compare(a.key, b.key) })
		m = w.messageByKey(key)
	}
	m.card, m.actions = card, nil
	if c.Pause != nil && c.Pause.Action.HasButtons() {
		m.actions = c.Pause.Action.Offers
	}
	return m
}

func (w *world) threadGone(ts string) bool {
	return ts != "" && !slices.ContainsFunc(w.messages, func(m slackMessage) bool { return m.ts == ts })
}

type resultFunc func(outcome string, fault bool, do func(w *world, r *Result))
type failureFunc func(outcome string, f Failure)

func (w *world) postResults(p *Post, card cardSummary, add resultFunc, addFailure failureFunc) {
	if w.threadGone(p.Thread) {
		add("thread gone", false, func(_ *world, r *Result) { r.Failure = &Failure{Kind: FailedThreadGone, Text: "gone"} })
		return
	}
	maybe := !p.Tried.IsZero()
	posted := func(w *world, reading bool) *Posted {
		m := w.messageByKey(p.Key)
		out := &Posted{Channel: p.Channel, Found: m != nil}
		if m == nil {
			c := p.Card
			m = w.putMessage(p.Key, card, &c)
		}
		out.TS, out.Link = m.ts, "link "+m.key
		if p.Read != nil && reading && !out.Found {
			out.Reading = w.reading(p.Read, &w.truth)
		}
		return out
	}
	add("ok", false, func(w *world, r *Result) { r.Posted = posted(w, true) })
	if p.Read != nil {
		add("project not read", true, func(w *world, r *Result) { r.Posted = posted(w, false) })
	}
	add("layout refused", true, func(w *world, r *Result) {
		r.Posted = posted(w, true)
		r.Posted.Plain = true
	})
	addFailure("transient", Failure{Kind: FailedTransient, Maybe: maybe})
	addFailure("request lost", Failure{Kind: FailedTransient, Maybe: true})
	if w.messageByKey(p.Key) == nil {
		add("response lost", true, func(w *world, r *Result) {
			posted(w, false)
			r.Failure = &Failure{Kind: FailedTransient, Maybe: true, Text: "response lost"}
		})
	}
	addFailure("not started", Failure{Kind: FailedNotStarted, Maybe: maybe})
	addFailure("operator action needed", Failure{Kind: FailedOperator, Maybe: maybe})
}

func (w *world) editResults(e *Edit, card cardSummary, add resultFunc, addFailure failureFunc) {
	if w.threadGone(e.TS) {
		add("message gone", false, func(_ *world, r *Result) { r.Edited = &Edited{Gone: true} })
		return
	}
	add("ok", false, func(w *world, r *Result) {
		c := e.Card
		w.putMessage(e.Key, card, &c)
		r.Edited = &Edited{}
	})
	add("message deleted", true, func(w *world, r *Result) {
		w.messages = slices.DeleteFunc(w.messages, func(m slackMessage) bool { return m.ts == e.TS })
		r.Edited = &Edited{Gone: true}
	})
	addFailure("transient", Failure{Kind: FailedTransient})
	addFailure("operator action needed", Failure{Kind: FailedOperator})
}

// reading returns Prodege's answer to a request for the project t.
func (w *world) reading(r *Read, t *truth) *Reading {
	info := prodege.ProjectInfo{ID: w.s.ID, Name: "Study", Status: t.status, CPI: new(prodege.MustUSD("3.50")), MaxCPI: new(t.maxCPI), SampleSize: 400}
	if t.status == prodege.Paused {
		info.PausedForCPI, info.PausedClicks = t.forCPI(), t.reason == prodege.MaxClicks
		if info.PausedForCPI {
			info.RequiredCPI = t.required
		}
	}
	out := &Reading{Asked: w.now, Info: info}
	if r.Quotas {
		out.Quotas = &prodege.Quotas{Completes: 100, Wanted: 400}
	}
	if r.Clicks {
		out.Clicks = &prodege.ClickSettings{Cap: 1000}
	}
	return out
}

// blockedOutcome returns the outcome that keeps the activity from sending anything, or "" if nothing does.
func (w *world) blockedOutcome(amount *prodege.USD) Outcome {
	set := &w.settings
	switch {
	case !set.HasAPIKey:
		return OutcomeNoKey
	case set.DryRun:
		return OutcomeDryRun
	case exceeds(amount, set.Ceiling):
		return OutcomeOverLimit
	case w.switchOff:
		return OutcomeHeld
	}
	return ""
}

// acceptResults models AcceptCPI of package activities.
func (w *world) acceptResults(a *AcceptCPI, add resultFunc, addFailure failureFunc) {
	t := &w.truth
	got := Acceptance{Status: t.status, Required: t.required, MaxCPI: new(t.maxCPI)}
	arrived := a.Maybe && t.status == prodege.Live && t.maxCPI.Cmp(a.Approved) >= 0
	if !t.forCPI() {
		got.Required = nil
	}
	switch blocked := w.blockedOutcome(&a.Approved); {
	case blocked != "" && !arrived:
		got.Outcome = blocked
	case t.status == prodege.Live:
		got.Outcome = OutcomeAlreadyLive
		if arrived {
			got.Outcome, got.Sent = OutcomeSent, a.Amount
		}
	case t.status != prodege.Paused && t.status.Known():
		got.Outcome = OutcomeEnded
	case !t.forCPI():
		got.Outcome = OutcomeOther
	case exceeds(t.required, &a.Approved):
		got.Outcome = OutcomeRisen
	}
	if got.Outcome != "" {
		add("ok", false, func(_ *world, r *Result) { r.Acceptance = &got })
	} else {
		sent := func(w *world) *prodege.USD {
			t := &w.truth
			var sent *prodege.USD
			if t.maxCPI.Cmp(a.Approved) < 0 {
				sent, t.maxCPI = &a.Approved, a.Approved
			}
			t.status, t.reason, t.required, t.acted = prodege.Live, 0, nil, true
			return sent
		}
		add("ok", false, func(w *world, r *Result) {
			got := got
			got.Outcome, got.Sent, got.MaxCPI = OutcomeSent, sent(w), new(w.truth.maxCPI)
			r.Acceptance = &got
		})
		add("response lost", true, func(w *world, r *Result) {
			r.Failure = &Failure{Kind: FailedTransient, Maybe: true, Amount: sent(w), Text: "response lost"}
		})
		addFailure("request lost", Failure{Kind: FailedTransient, Maybe: true, Amount: &a.Approved})
		if !a.MustRead {
			add("sent unread", true, func(w *world, r *Result) {
				amount := sent(w)
				r.Acceptance = &Acceptance{Outcome: OutcomeSent, Sent: amount, MaxCPI: amount, Unread: true}
			})
		}
	}
	addFailure("transient", Failure{Kind: FailedTransient, Maybe: a.Maybe, Amount: a.Amount})
	addFailure("refused", Failure{Kind: FailedRefused, Maybe: a.Maybe, Refusal: &Refusal{Party: "Prodege", Codes: []int{2014}}})
}

// actResults models ActOnProject of package activities.
func (w *world) actResults(a *ActOnProject, add resultFunc, addFailure failureFunc) {
	t := &w.truth
	got := Acceptance{Status: t.status, MaxCPI: new(t.maxCPI)}
	ended := t.status != prodege.Paused && t.status != prodege.Live && t.status.Known()
	arrived := a.Maybe && (t.status == a.Action.Status || a.Action.Status == prodege.Complete && ended && t.status != prodege.Deleted)
	switch blocked := w.blockedOutcome(nil); {
	case arrived:
		got.Outcome = OutcomeSent
	case blocked != "":
		got.Outcome = blocked
	case t.status == prodege.Live:
		got.Outcome = OutcomeAlreadyLive
	case ended:
		got.Outcome = OutcomeEnded
	case t.forCPI(), t.status != prodege.Paused, t.reason == prodege.MaxClicks && a.Action.Reason != prodege.MaxClicks:
		got.Outcome = OutcomeOther
	}
	if got.Outcome != "" {
		add("ok", false, func(_ *world, r *Result) { r.Acceptance = &got })
	} else {
		send := func(w *world) {
			t := &w.truth
			t.status, t.reason, t.required, t.acted = a.Action.Status, 0, nil, true
		}
		add("ok", false, func(w *world, r *Result) {
			send(w)
			got := got
			got.Outcome = OutcomeSent
			r.Acceptance = &got
		})
		add("response lost", true, func(w *world, r *Result) {
			send(w)
			r.Failure = &Failure{Kind: FailedTransient, Maybe: true, Text: "response lost"}
		})
		addFailure("request lost", Failure{Kind: FailedTransient, Maybe: true})
	}
	addFailure("transient", Failure{Kind: FailedTransient, Maybe: a.Maybe})
	addFailure("refused", Failure{Kind: FailedRefused, Maybe: a.Maybe, Refusal: &Refusal{Party: "Prodege", Codes: []int{2014}}})
}

// invoiceResults models SendInvoice of package activities and a billing system that recognizes idempotency keys: it
// answers a repeated call with 200 or 409.
func (w *world) invoiceResults(c *InvoiceCall, add resultFunc, addFailure failureFunc) {
	switch {
	case w.settings.DryRun:
		add("ok", false, func(_ *world, r *Result) { r.Invoice = &InvoiceResult{DryRun: true} })
		return
	case !w.settings.HasBilling:
		add("ok", false, func(_ *world, r *Result) { r.Invoice = &InvoiceResult{NoURL: true} })
		return
	}
	known := slices.ContainsFunc(w.billed, func(b bookedInvoice) bool { return b.key == c.Key })
	book := func(w *world) {
		if !known {
			w.billed = append(w.billed, bookedInvoice{key: c.Key, body: c.Body, facts: factsOf(c.Body)})
		}
	}
	add("ok", false, func(w *world, r *Result) {
		book(w)
		r.Invoice = &InvoiceResult{Status: 200}
	})
	if known {
		add("conflict", false, func(_ *world, r *Result) { r.Invoice = &InvoiceResult{Status: 409, Conflict: true} })
	}
	addFailure("transient", Failure{Kind: FailedTransient})
	addFailure("request lost", Failure{Kind: FailedTransient, Maybe: true})
	add("response lost", true, func(w *world, r *Result) {
		book(w)
		r.Failure = &Failure{Kind: FailedTransient, Maybe: true, Text: "response lost"}
	})
	addFailure("refused", Failure{Kind: FailedRefused, Refusal: &Refusal{Party: "billing", Codes: []int{422}}})
	addFailure("rate limited", Failure{Kind: FailedTransient, RetryAfter: 2 * time.Minute})
}

// factsOf returns the parts of an invoice's body that make it a revision: its reason and note.
func factsOf(body string) string {
	field := func(name string) string {
		_, rest, _ := strings.Cut(body, `"`+name+`":`)
		end := strings.IndexAny(rest, ",}")
		return rest[:max(end, 0)]
	}
	return field("update_reason") + " " + field("reconciliation_note")
}

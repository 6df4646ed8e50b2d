package project

import (
	"slices"
	"strings"
	"time"

	"fieldmarshal/prodege"
)

// How the world's counterparties answer: each task under way has every result that it can have. What goes wrong counts
// as a fault.

// results lists every end of every task under way.
func (w *world) results(list []transition) []transition {
	for i := range w.running {
		r := &w.running[i]
		id, task, card := r.task.ID, r.task, r.card
		kind := task.Kind()
		calm := strings.HasPrefix(id, "read/poll/") || kind == KindAccept && w.switchOff
		end := func(how string, fault bool, do func(w *world, r *Result)) {
			if fault && !w.mayFail(kind, how) {
				return
			}
			list = append(list, transition{kind: string(kind) + ": " + how, label: id + ": " + how, good: !fault && how != "conflict" && how != "as it was before", calm: calm && !fault, do: func(w *world) Turn {
				if fault && !w.m.endless {
					w.faults--
				}
				w.running = slices.DeleteFunc(w.running, func(r running) bool { return r.task.ID == id })
				res := Result{ID: id}
				do(w, &res)
				return Turn{Results: []Result{res}}
			}})
		}
		fail := func(how string, f Failure) {
			f.Text = how
			end(how, true, func(_ *world, r *Result) { r.Failure = &f })
		}
		switch kind {
		case KindPost:
			w.postEnds(task.Post, card, end, fail)
		case KindEdit:
			w.editEnds(task.Edit, card, end, fail)
		case KindEphemeral, KindDigest:
			end("ok", false, func(*world, *Result) {})
			fail("passing", Failure{Kind: FailedTransient})
			fail("refused", Failure{Kind: FailedRefused})
		case KindRead:
			asks, overtaken, before, asked := r.polls(), r.overtaken, r.before, r.since
			answer := func(w *world, t *truth) *Reading {
				out := w.tell(task.Read, t)
				if out.Asked = asked; asks && !overtaken {
					w.polls = append(slices.Clone(w.polls[:min(1, len(w.polls))]), asked) // the first and the last
				}
				return out
			}
			end("ok", false, func(w *world, r *Result) { r.Reading = answer(w, &w.truth) })
			if asks && !before.same(&w.truth) {
				end("as it was before", false, func(w *world, r *Result) { r.Reading = answer(w, &before) })
			}
			fail("passing", Failure{Kind: FailedTransient})
			fail("refused", Failure{Kind: FailedRefused, Refusal: &Refusal{Party: "Prodege", Codes: []int{101}}})
		case KindPermission:
			end("ok", false, func(_ *world, r *Result) {
				r.Permission = &Permission{Allowed: allowed(task.Permission.User), Known: true}
			})
			end("no list", true, func(_ *world, r *Result) { r.Permission = &Permission{} })
			fail("passing", Failure{Kind: FailedTransient})
		case KindEarlier:
			end("ok", false, func(w *world, r *Result) { r.Earlier = &EarlierFound{Found: w.m.earlier} })
			fail("passing", Failure{Kind: FailedTransient})
		case KindAccept:
			w.acceptEnds(task.Accept, end, fail)
		case KindAct:
			w.actEnds(task.Act, end, fail)
		case KindInvoice:
			w.invoiceEnds(task.Invoice, end, fail)
		}
	}
	return list
}

// mayFail reports whether a fault may happen now.
func (w *world) mayFail(k Kind, how string) bool {
	if w.faults <= 0 {
		return false
	}
	if w.m.trouble == nil {
		return true
	}
	for _, may := range w.m.trouble(k) {
		if may == how || may == "any" {
			return true
		}
	}
	return false
}

func (w *world) inSlack(key string) *standing {
	for i := range w.standing {
		if w.standing[i].key == key {
			return &w.standing[i]
		}
	}
	return nil
}

// place has a message stand in Slack.
func (w *world) place(key string, card shows, c *Card) *standing {
	m := w.inSlack(key)
	if m == nil {
		w.standing = append(w.standing, standing{key: key, ts: "ts " + key})
		w.said = append(w.said[:len(w.said):len(w.said)], key)
		slices.SortFunc(w.standing, func(a, b standing) int { return strings.Compare(a.key, b.key) })
		m = w.inSlack(key)
	}
	m.shows, m.offer = card, nil
	if c.Pause != nil && c.Pause.Action.HasButtons() {
		m.offer = c.Pause.Action.Offers
	}
	return m
}

func (w *world) threadGone(ts string) bool {
	return ts != "" && !slices.ContainsFunc(w.standing, func(m standing) bool { return m.ts == ts })
}

type ends func(how string, fault bool, do func(w *world, r *Result))
type fails func(how string, f Failure)

func (w *world) postEnds(p *Post, card shows, end ends, fail fails) {
	if w.threadGone(p.Thread) {
		end("thread gone", false, func(_ *world, r *Result) { r.Failure = &Failure{Kind: FailedThreadGone, Text: "gone"} })
		return
	}
	maybe := !p.Tried.IsZero()
	posted := func(w *world, reading bool) *Posted {
		m := w.inSlack(p.Key)
		out := &Posted{Channel: p.Channel, Found: m != nil}
		if m == nil {
			c := p.Card
			m = w.place(p.Key, card, &c)
		}
		out.TS, out.Link = m.ts, "link "+m.key
		if p.Read != nil && reading && !out.Found {
			out.Reading = w.tell(p.Read, &w.truth)
		}
		return out
	}
	end("ok", false, func(w *world, r *Result) { r.Posted = posted(w, true) })
	if p.Read != nil {
		end("without reading", true, func(w *world, r *Result) { r.Posted = posted(w, false) })
	}
	end("plain", true, func(w *world, r *Result) {
		r.Posted = posted(w, true)
		r.Posted.Plain = true
	})
	fail("passing", Failure{Kind: FailedTransient, Maybe: maybe})
	fail("not heard, as it seems", Failure{Kind: FailedTransient, Maybe: true})
	if w.inSlack(p.Key) == nil {
		end("heard, answer lost", true, func(w *world, r *Result) {
			posted(w, false)
			r.Failure = &Failure{Kind: FailedTransient, Maybe: true, Text: "heard"}
		})
	}
	fail("not started", Failure{Kind: FailedNotStarted, Maybe: maybe})
	fail("operator", Failure{Kind: FailedOperator, Maybe: maybe})
}

func (w *world) editEnds(e *Edit, card shows, end ends, fail fails) {
	if w.threadGone(e.TS) {
		end("gone", false, func(_ *world, r *Result) { r.Edited = &Edited{Gone: true} })
		return
	}
	end("ok", false, func(w *world, r *Result) {
		c := e.Card
		w.place(e.Key, card, &c)
		r.Edited = &Edited{}
	})
	end("deleted by somebody", true, func(w *world, r *Result) {
		w.standing = slices.DeleteFunc(w.standing, func(m standing) bool { return m.ts == e.TS })
		r.Edited = &Edited{Gone: true}
	})
	fail("passing", Failure{Kind: FailedTransient})
	fail("operator", Failure{Kind: FailedOperator})
}

// tell is what Prodege tells of the project.
func (w *world) tell(r *Read, t *truth) *Reading {
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

// forbidden is what keeps the activity from sending anything; empty if nothing does.
func (w *world) forbidden(amount *prodege.USD) Outcome {
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

// acceptEnds is what AcceptCPI of package activities does.
func (w *world) acceptEnds(a *AcceptCPI, end ends, fail fails) {
	t := &w.truth
	got := Acceptance{Status: t.status, Required: t.required, MaxCPI: new(t.maxCPI)}
	arrived := a.Maybe && t.status == prodege.Live && t.maxCPI.Cmp(a.Approved) >= 0
	if !t.forCPI() {
		got.Required = nil
	}
	switch forbidden := w.forbidden(&a.Approved); {
	case forbidden != "" && !arrived:
		got.Outcome = forbidden
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
		end("ok", false, func(_ *world, r *Result) { r.Acceptance = &got })
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
		end("ok", false, func(w *world, r *Result) {
			got := got
			got.Outcome, got.Sent, got.MaxCPI = OutcomeSent, sent(w), new(w.truth.maxCPI)
			r.Acceptance = &got
		})
		end("heard, answer lost", true, func(w *world, r *Result) {
			r.Failure = &Failure{Kind: FailedTransient, Maybe: true, Amount: sent(w), Text: "heard"}
		})
		fail("not heard, as it seems", Failure{Kind: FailedTransient, Maybe: true, Amount: &a.Approved})
		if !a.MustRead {
			end("sent unread", true, func(w *world, r *Result) {
				amount := sent(w)
				r.Acceptance = &Acceptance{Outcome: OutcomeSent, Sent: amount, MaxCPI: amount, Unread: true}
			})
		}
	}
	fail("passing", Failure{Kind: FailedTransient, Maybe: a.Maybe, Amount: a.Amount})
	fail("refused", Failure{Kind: FailedRefused, Maybe: a.Maybe, Refusal: &Refusal{Party: "Prodege", Codes: []int{2014}}})
}

// actEnds is what ActOnProject of package activities does.
func (w *world) actEnds(a *ActOnProject, end ends, fail fails) {
	t := &w.truth
	got := Acceptance{Status: t.status, MaxCPI: new(t.maxCPI)}
	ended := t.status != prodege.Paused && t.status != prodege.Live && t.status.Known()
	arrived := a.Maybe && (t.status == a.Action.Status || a.Action.Status == prodege.Complete && ended && t.status != prodege.Deleted)
	switch forbidden := w.forbidden(nil); {
	case arrived:
		got.Outcome = OutcomeSent
	case forbidden != "":
		got.Outcome = forbidden
	case t.status == prodege.Live:
		got.Outcome = OutcomeAlreadyLive
	case ended:
		got.Outcome = OutcomeEnded
	case t.forCPI(), t.status != prodege.Paused, t.reason == prodege.MaxClicks && a.Action.Reason != prodege.MaxClicks:
		got.Outcome = OutcomeOther
	}
	if got.Outcome != "" {
		end("ok", false, func(_ *world, r *Result) { r.Acceptance = &got })
	} else {
		send := func(w *world) {
			t := &w.truth
			t.status, t.reason, t.required, t.acted = a.Action.Status, 0, nil, true
		}
		end("ok", false, func(w *world, r *Result) {
			send(w)
			got := got
			got.Outcome = OutcomeSent
			r.Acceptance = &got
		})
		end("heard, answer lost", true, func(w *world, r *Result) {
			send(w)
			r.Failure = &Failure{Kind: FailedTransient, Maybe: true, Text: "heard"}
		})
		fail("not heard, as it seems", Failure{Kind: FailedTransient, Maybe: true})
	}
	fail("passing", Failure{Kind: FailedTransient, Maybe: a.Maybe})
	fail("refused", Failure{Kind: FailedRefused, Maybe: a.Maybe, Refusal: &Refusal{Party: "Prodege", Codes: []int{2014}}})
}

// invoiceEnds is what SendInvoice of package activities does, and a billing system that knows its keys: it answers
// 200 to a repeat, or 409.
func (w *world) invoiceEnds(c *InvoiceCall, end ends, fail fails) {
	switch {
	case w.settings.DryRun:
		end("ok", false, func(_ *world, r *Result) { r.Invoice = &InvoiceResult{DryRun: true} })
		return
	case !w.settings.HasBilling:
		end("ok", false, func(_ *world, r *Result) { r.Invoice = &InvoiceResult{NoURL: true} })
		return
	}
	known := slices.ContainsFunc(w.billed, func(b bill) bool { return b.key == c.Key })
	take := func(w *world) {
		if !known {
			w.billed = append(w.billed, bill{key: c.Key, body: c.Body, facts: factsOf(c.Body)})
		}
	}
	end("ok", false, func(w *world, r *Result) {
		take(w)
		r.Invoice = &InvoiceResult{Status: 200}
	})
	if known {
		end("conflict", false, func(_ *world, r *Result) { r.Invoice = &InvoiceResult{Status: 409, Conflict: true} })
	}
	fail("passing", Failure{Kind: FailedTransient})
	fail("not heard, as it seems", Failure{Kind: FailedTransient, Maybe: true})
	end("heard, answer lost", true, func(w *world, r *Result) {
		take(w)
		r.Failure = &Failure{Kind: FailedTransient, Maybe: true, Text: "heard"}
	})
	fail("refused", Failure{Kind: FailedRefused, Refusal: &Refusal{Party: "billing", Codes: []int{422}}})
	fail("asks to wait", Failure{Kind: FailedTransient, RetryAfter: 2 * time.Minute})
}

// factsOf is what of an invoice's body makes a revision: its reason and note.
func factsOf(body string) string {
	field := func(name string) string {
		_, rest, _ := strings.Cut(body, `"`+name+`":`)
		end := strings.IndexAny(rest, ",}")
		return rest[:max(end, 0)]
	}
	return field("update_reason") + " " + field("reconciliation_note")
}

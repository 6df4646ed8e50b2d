package project

import (
	"time"

	"fieldmarshal/prodege"
)

// The models. Each allows at most four events, three clicks and two faults, and time to pass until anything that they
// schedule is due. Exploration tries every order of them.

func money(text string) *prodege.USD {
	u := prodege.MustUSD(text)
	return &u
}

// at returns an event that happened the given number of seconds before the start.
func at(seconds int, id string, status prodege.Status, reason prodege.Reason) prodege.Event {
	return prodege.Event{ID: prodege.EventID(id), Time: start.Add(-time.Duration(seconds) * time.Second), ProjectID: projectN, Status: status, Reason: reason}
}

func cpi(seconds int, id, amount string) prodege.Event {
	e := at(seconds, id, prodege.Paused, prodege.RealTimePricing)
	if amount != "" {
		e.RequiredCPI = money(amount)
	}
	return e
}

func noted(e prodege.Event, note string) prodege.Event {
	e.ReconciliationNote = note
	return e
}

func rejected(e prodege.Event) prodege.Event {
	e.RejectionNote = "redo it"
	return e
}

func modelEvents(list ...prodege.Event) (events []modelEvent) {
	for _, e := range list {
		events = append(events, modelEvent{e: e})
	}
	return events
}

// liveAfterAct returns the event of a project that our own call set LIVE.
func liveAfterAct(id string) modelEvent {
	return modelEvent{e: at(1, id, prodege.Live, 0), enabled: func(w *world) bool { return w.truth.acted && w.truth.status == prodege.Live }}
}

func settings() Settings {
	return Settings{Version: 1, AlertsChannel: "alerts", ApprovalsChannel: "approvals", FinanceChannel: "finance",
		ApprovalTimeout: 8 * time.Hour, ApprovalReminderEvery: 5 * time.Hour, ResumeTimeout: 5 * time.Minute,
		AlertActions: true, HasAPIKey: true, HasBilling: true, PollEvery: 6 * time.Hour, ProjectLinger: 720 * time.Hour}
}

func with(change func(*Settings)) Settings {
	s := settings()
	change(&s)
	return s
}

func approve(user string) click { return byCommand(user, OfCPI, Approve) }

func live() truth {
	return truth{status: prodege.Live, maxCPI: prodege.MustUSD("3.75")}
}

// byCommand returns a decision made on the command line, which gets no answer in Slack.
func byCommand(user string, of QuestionKind, verdict Verdict) click {
	return click{user: user, of: of, verdict: verdict, fromCommand: true}
}

func vouched(e prodege.Event) prodege.Event {
	e.Vouched = "U1"
	return e
}

// onlyFaults restricts the faults of each kind of task to those listed.
func onlyFaults(faults map[Kind][]string) func(Kind) []string {
	return func(k Kind) []string { return faults[k] }
}

func cancelOperation(after func(*world) bool) operation {
	return operation{name: "cancel", enabled: after, do: func(w *world) *Decision {
		w.cancelled = true
		return nil
	}}
}

// continueAsNewOperation continues the run as new, which abandons reads.
var continueAsNewOperation = operation{name: "continue as new", enabled: func(w *world) bool { return !w.cancelled && !w.mustAwait() }, do: func(w *world) *Decision {
	w.restarts++
	w.abandon()
	return nil
}}

func change(name string, change func(w *world)) operation {
	return operation{name: name, do: func(w *world) *Decision {
		change(w)
		return nil
	}}
}

func models() []*model {
	return []*model{
		{
			name: "CPI", about: "a CPI pause and its amounts", short: true, truth: live(),
			settings: settings(),
			events:   append(modelEvents(cpi(60, "p1", "4.00"), cpi(50, "p2", "4.50")), liveAfterAct("z")),
			clicks:   []click{approve("ana"), byCommand("bob", OfCPI, AskAgain)},
			enlarge: func(m *model) {
				m.events = append(m.events, modelEvent{e: cpi(40, "p3", "")})
				m.clicks = append(m.clicks, byCommand("bob", OfCPI, Reject))
			},
		},
		{
			name: "another reason", about: "a CPI pause that changes to another reason and back", truth: live(),
			settings: settings(),
			events:   append(modelEvents(cpi(60, "p1", "4.00"), at(50, "x", prodege.Paused, prodege.MaxClicks), cpi(40, "p2", "4.00")), liveAfterAct("z")),
			clicks:   []click{approve("ana")},
			enlarge: func(m *model) {
				m.clicks = append(m.clicks, click{user: "bob", of: OfAction, verdict: ChooseAction, action: prodege.ActClicks, number: 100, fromCommand: true})
			},
		},
		{
			name: "request and action", about: "an approval, and an action from the alert of the same pause", truth: live(),
			settings: settings(),
			events:   modelEvents(cpi(60, "p1", "4.00"), at(50, "x", prodege.Paused, prodege.MaxClicks)),
			clicks:   []click{approve("ana"), {user: "bob", of: OfAction, verdict: ChooseAction, action: prodege.ActClicks, number: 100, fromCommand: true}},
			enlarge: func(m *model) {
				m.maxFaults, m.possibleFaults = 1, onlyFaults(map[Kind][]string{KindAccept: {"any"}, KindAct: {"any"}})
			},
		},
		{
			name: "two approvers", about: "an amount that needs two approvers", short: true, truth: live(),
			settings: with(func(s *Settings) { s.SecondApproverAbove, s.Ceiling = money("4.00"), money("4.80") }),
			events:   append(modelEvents(cpi(60, "p1", "4.25")), liveAfterAct("z")),
			clicks:   []click{approve("ana"), approve("ana"), approve("bob")},
			enlarge:  func(m *model) { m.events = append(m.events, modelEvent{e: cpi(50, "p2", "4.50")}) },
		},
		{
			name: "different amounts", about: "two people approve different amounts", short: true, truth: live(),
			settings: with(func(s *Settings) { s.SecondApproverAbove, s.Ceiling = money("4.00"), money("4.80") }),
			events:   modelEvents(cpi(60, "p1", "4.25"), cpi(50, "p2", "4.50")),
			clicks:   []click{approve("ana"), {user: "bob", of: OfCPI, verdict: Approve, upTo: money("4.75"), fromCommand: true}},
			enlarge:  func(m *model) { m.clicks = append(m.clicks, approve("bob")) },
		},
		{
			name: "rejected clicks", about: "clicks that are unauthorized, late or above the ceiling, and the answers to them", short: true, truth: live(),
			settings:  with(func(s *Settings) { s.Ceiling = money("4.20") }),
			events:    modelEvents(cpi(60, "p1", "4.00")),
			clicks:    []click{{user: "eve", of: OfCPI, verdict: Approve}, {user: "bob", of: OfCPI, verdict: Approve, upTo: money("4.25")}, {user: "ana", of: OfCPI, verdict: Approve, upTo: money("3.95")}},
			maxFaults: 1, possibleFaults: onlyFaults(map[Kind][]string{KindPermission: {"approvers unknown"}}),
			enlarge: func(m *model) {
				m.events = append(m.events, modelEvent{e: cpi(50, "p2", "4.30")})
				m.possibleFaults = onlyFaults(map[Kind][]string{KindPermission: {"any"}, KindEphemeral: {"any"}})
			},
		},
		{
			name: "alert action", about: "an action from an alert, a change of the reason, and another attempt", truth: live(),
			settings: settings(),
			events:   append(modelEvents(at(60, "n1", prodege.Paused, prodege.NoUniqueLinks), at(50, "h1", prodege.Paused, prodege.HighDropOff)), liveAfterAct("z")),
			clicks: []click{
				{user: "ana", of: OfAction, verdict: ChooseAction, action: prodege.ActLive, fromCommand: true},
				byCommand("bob", OfAction, TryAgain),
			},
			maxFaults: 1, possibleFaults: onlyFaults(map[Kind][]string{KindAct: {"refused", "response lost"}}),
			enlarge: func(m *model) {
				m.events = append(m.events, modelEvent{e: at(55, "s1", prodege.Paused, prodege.SampleSize)})
				m.clicks = append(m.clicks, click{user: "bob", of: OfAction, verdict: ChooseAction, action: prodege.ActSample, number: 500, fromCommand: true})
				m.possibleFaults = onlyFaults(map[Kind][]string{KindAct: {"any"}})
			},
		},
		{
			name: "completed from the alert", about: "a project is completed from its alert and invoiced", truth: live(),
			settings:  settings(),
			events:    modelEvents(at(60, "s1", prodege.Paused, prodege.SampleSize), at(50, "c1", prodege.Complete, 903)),
			clicks:    []click{{user: "bob", of: OfAction, verdict: ChooseAction, action: prodege.ActComplete, fromCommand: true}, {user: "eve", of: OfAction, verdict: ChooseAction, action: prodege.ActComplete, fromCommand: true}},
			maxFaults: 1, possibleFaults: onlyFaults(map[Kind][]string{KindAct: {"response lost"}}),
			enlarge: func(m *model) { m.maxFaults, m.possibleFaults = 2, onlyFaults(map[Kind][]string{KindAct: {"any"}}) },
		},
		{
			name: "invoicing", about: "COMPLETE, its invoice, and INVOICED", short: true, truth: live(),
			settings: settings(), sameTurn: true,
			events:    modelEvents(at(45, "pc", prodege.PendingComplete, 902), noted(at(50, "c1", prodege.Complete, 903), "done"), noted(at(40, "c2", prodege.Complete, 903), "done again"), at(30, "i1", prodege.Invoiced, 0)),
			clicks:    []click{byCommand("fin", OfInvoice, TryAgain)},
			maxFaults: 1, possibleFaults: onlyFaults(map[Kind][]string{KindInvoice: {"refused", "response lost"}}),
			enlarge: func(m *model) {
				m.clicks = append(m.clicks, byCommand("fin", OfInvoice, MarkInvoiced))
				m.maxFaults, m.possibleFaults = 2, onlyFaults(map[Kind][]string{KindInvoice: {"any"}, KindRead: {"transient"}})
			},
		},
		{
			name: "repeated COMPLETE", about: "two COMPLETE events with the same facts, and an invoice that billing refuses", short: true, truth: live(),
			settings: settings(), sameTurn: true,
			events:    modelEvents(noted(at(50, "c1", prodege.Complete, 903), "done"), noted(at(40, "c2", prodege.Complete, 903), "done"), at(45, "p", prodege.PendingComplete, 902)),
			clicks:    []click{byCommand("fin", OfInvoice, TryAgain)},
			maxFaults: 1, possibleFaults: onlyFaults(map[Kind][]string{KindInvoice: {"refused", "response lost", "request lost"}}),
			enlarge: func(m *model) { m.maxFaults, m.possibleFaults = 2, onlyFaults(map[Kind][]string{KindInvoice: {"any"}}) },
		},
		{
			name: "by hand", about: "an invoice made by hand, held back by a dry run, or no longer needed", truth: live(),
			settings: with(func(s *Settings) { s.HasBilling = false }),
			events:   modelEvents(at(60, "c1", prodege.Complete, 903), noted(at(50, "c2", prodege.Complete, 903), "again"), at(40, "d", prodege.Deleted, 0)),
			clicks:   []click{byCommand("fin", OfInvoice, MarkInvoiced), byCommand("fin", OfInvoice, SendInvoice)},
			operations: []operation{change("turn dry run on", func(w *world) { w.settings.DryRun = true }), change("turn dry run off", func(w *world) { w.settings.DryRun = false }),
				change("configure billing", func(w *world) { w.settings.HasBilling = true })},
		},
		{
			name: "late, duplicate, same second", about: "events out of order, repeated, and with the same second", short: true, truth: live(),
			settings: settings(), sameTurn: true,
			events: modelEvents(cpi(60, "p1", "4.00"), at(60, "q1", prodege.Live, 0), cpi(60, "p1", "4.00"), rejected(at(65, "r1", prodege.Paused, 0))),
			clicks: []click{approve("ana")},
			enlarge: func(m *model) {
				m.maxFaults, m.possibleFaults = 1, onlyFaults(map[Kind][]string{KindRead: {"transient"}, KindPost: {"response lost"}})
			},
		},
		{
			name: "cancel", about: "the workflow is cancelled in Temporal", short: true, truth: live(),
			settings:   with(func(s *Settings) { s.AlertsChannel = s.ApprovalsChannel }), // so that no other channel is notified of an outage
			events:     modelEvents(cpi(60, "p1", "4.00"), at(50, "c1", prodege.Complete, 903)),
			clicks:     []click{approve("ana")},
			operations: []operation{cancelOperation(nil)},
			maxFaults:  1, possibleFaults: onlyFaults(map[Kind][]string{KindPost: {"response lost"}, KindEdit: {"transient"}}),
			enlarge: func(m *model) {
				m.settings, m.clicks[0].fromCommand = settings(), false
				m.possibleFaults = onlyFaults(map[Kind][]string{KindAccept: {"transient", "response lost"}, KindInvoice: {"transient"}, KindPost: {"response lost", "transient"}, KindEdit: {"transient"}})
			},
		},
		{
			name: "Prodege fails", about: "failing acceptances and reads", short: true, truth: live(),
			settings:   settings(),
			events:     append(modelEvents(cpi(60, "p1", "4.00")), liveAfterAct("z")),
			clicks:     []click{approve("ana"), byCommand("bob", OfCPI, TryAgain)},
			operations: []operation{continueAsNewOperation},
			maxFaults:  2, possibleFaults: onlyFaults(map[Kind][]string{KindAccept: {"any"}, KindRead: {"transient"}}),
			enlarge: func(m *model) {
				m.events = append(m.events, modelEvent{e: cpi(50, "p2", "3.90")})
				m.clicks = append(m.clicks, byCommand("bob", OfCPI, Close))
			},
		},
		{
			name: "Slack fails", about: "posts and edits that fail, lose their response, or whose message is deleted", truth: live(),
			settings:  settings(),
			events:    modelEvents(at(60, "x", prodege.Paused, prodege.NoUniqueLinks), rejected(at(50, "r1", prodege.Paused, 0)), at(40, "l", prodege.Live, 0)),
			maxFaults: 2, possibleFaults: onlyFaults(map[Kind][]string{KindPost: {"any"}, KindEdit: {"any"}, KindDigest: {"any"}}),
			enlarge: func(m *model) { m.events = append(m.events, modelEvent{e: cpi(45, "p1", "4.00")}) },
		},
		{
			name: "burst", about: "alerts that exceed the rate limit move to the digest", short: true, truth: live(),
			settings:  settings(),
			events:    modelEvents(at(60, "x", prodege.Paused, prodege.NoUniqueLinks), at(50, "h", prodege.Paused, prodege.SupportAgent), at(40, "l", prodege.Live, 0)),
			maxFaults: 2, possibleFaults: onlyFaults(map[Kind][]string{KindPost: {"not started"}, KindDigest: {"transient"}, KindEdit: {"message deleted"}}),
			enlarge: func(m *model) {
				m.possibleFaults = onlyFaults(map[Kind][]string{KindPost: {"any"}, KindDigest: {"any"}, KindEdit: {"any"}})
			},
		},
		{
			name: "Slack fails for a request", about: "a request that can't be posted, whose clock is stopped", truth: live(),
			settings:  settings(),
			events:    modelEvents(cpi(60, "p1", "4.00"), at(40, "l", prodege.Live, 0)),
			clicks:    []click{approve("ana")},
			maxFaults: 2, possibleFaults: onlyFaults(map[Kind][]string{KindPost: {"response lost"}, KindEdit: {"transient", "message deleted"}}),
			enlarge: func(m *model) { m.possibleFaults = onlyFaults(map[Kind][]string{KindPost: {"any"}, KindEdit: {"any"}}) },
		},
		{
			name: "poll and webhook", about: "polls that find a change before, between and contrary to webhooks", truth: live(),
			settings: settings(), aheadOfWebhooks: true,
			events:    modelEvents(cpi(60, "p1", "4.00"), at(50, "x", prodege.Paused, prodege.HighDropOff), at(40, "l", prodege.Live, 0)),
			maxFaults: 1, possibleFaults: onlyFaults(map[Kind][]string{KindRead: {"transient"}}),
			enlarge: func(m *model) { m.clicks = []click{approve("ana")} },
		},
		{
			name: "price change", about: "the price changes before its webhook arrives, during an approval", truth: live(),
			settings: settings(), aheadOfWebhooks: true,
			events: modelEvents(cpi(60, "p1", "4.00"), cpi(50, "p2", "4.50")),
			clicks: []click{approve("ana")},
			enlarge: func(m *model) {
				m.events = append(m.events, liveAfterAct("z"))
				m.clicks = append(m.clicks, approve("bob"))
			},
		},
		{
			name: "switch and limits", about: "changes of the kill switch, the ceiling and the dry run", truth: live(),
			settings: with(func(s *Settings) { s.Ceiling = money("5.00") }),
			events:   modelEvents(cpi(60, "p1", "4.00")),
			clicks:   []click{approve("ana"), byCommand("bob", OfCPI, TryAgain)},
			operations: []operation{
				change("turn accepting off", func(w *world) { w.switchOff = true }),
				{name: "turn accepting on", enabled: func(w *world) bool { return w.switchOff }, do: func(w *world) *Decision {
					w.switchOff = false
					return &Decision{Verdict: Resume}
				}},
				change("lower the ceiling", func(w *world) { w.settings.Ceiling = money("3.90") }),
				change("turn dry run on", func(w *world) { w.settings.DryRun = true }),
			},
			enlarge: func(m *model) {
				m.events = append(m.events, liveAfterAct("z"))
				m.maxFaults, m.possibleFaults = 1, onlyFaults(map[Kind][]string{KindAccept: {"transient", "response lost"}})
			},
		},
		{
			name: "automatic approval", about: "an automatic approval and its limits", short: true, truth: live(),
			settings:  with(func(s *Settings) { s.AutoApproveUpTo, s.SecondApproverAbove = money("4.00"), money("4.20") }),
			events:    append(modelEvents(cpi(60, "p1", "3.90"), cpi(50, "p2", "4.10")), liveAfterAct("z")),
			maxFaults: 1, possibleFaults: onlyFaults(map[Kind][]string{KindAccept: {"refused"}, KindRead: {"transient"}, KindEarlier: {"transient"}}),
			enlarge: func(m *model) {
				m.clicks = []click{approve("ana")}
				m.possibleFaults = onlyFaults(map[Kind][]string{KindAccept: {"any"}, KindRead: {"any"}, KindEarlier: {"transient"}})
			},
		},
		{
			name: "no automatic approval", about: "old and vouched events, which are never approved automatically", short: true, truth: live(),
			settings: with(func(s *Settings) { s.AutoApproveUpTo = money("4.00") }),
			events:   modelEvents(cpi(7200, "p1", "3.90"), vouched(cpi(50, "p2", "3.95")), vouched(at(10, "c1", prodege.Complete, 903))),
			clicks:   []click{byCommand("fin", OfInvoice, SendInvoice)},
		},
		{
			name: "old first event", about: "a first event older than PROJECT_LINGER", short: true, truth: live(),
			settings:  with(func(s *Settings) { s.AutoApproveUpTo, s.ProjectLinger = money("4.00"), 90*time.Second }),
			events:    modelEvents(cpi(100, "p1", "3.90"), at(95, "c0", prodege.Complete, 903), at(20, "i1", prodege.Invoiced, 0)),
			clicks:    []click{byCommand("fin", OfInvoice, SendInvoice)},
			maxFaults: 1, possibleFaults: onlyFaults(map[Kind][]string{KindRead: {"transient"}}),
		},
		{
			name: "earlier run", about: "a project with an earlier workflow run", short: true, truth: live(), hadEarlierRun: true,
			settings:  with(func(s *Settings) { s.AutoApproveUpTo = money("4.00") }),
			events:    modelEvents(cpi(100, "p1", "3.90"), at(20, "c1", prodege.Complete, 903), at(10, "i1", prodege.Invoiced, 0)),
			clicks:    []click{byCommand("fin", OfInvoice, SendInvoice)},
			maxFaults: 1, possibleFaults: onlyFaults(map[Kind][]string{KindEarlier: {"transient"}}),
			enlarge: func(m *model) {
				m.clicks = append(m.clicks, approve("ana"))
				m.possibleFaults = onlyFaults(map[Kind][]string{KindRead: {"transient"}, KindEarlier: {"transient"}})
			},
		},
	}
}

package project

import (
	"time"

	"fieldmarshal/prodege"
)

// The models: what may happen in each is at most four events, three clicks and two faults, and the steps of time that
// they make due. Exploration walks through every order of them.

func money(text string) *prodege.USD {
	u := prodege.MustUSD(text)
	return &u
}

// at returns an event that many seconds before the start.
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

func comes(list ...prodege.Event) (events []happening) {
	for _, e := range list {
		events = append(events, happening{e: e})
	}
	return events
}

// liveAfterAct is the webhook of a project that our act set LIVE.
func liveAfterAct(id string) happening {
	return happening{e: at(1, id, prodege.Live, 0), after: func(w *world) bool { return w.truth.acted && w.truth.status == prodege.Live }}
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

func approve(user string) click { return by(user, OfCPI, Approve) }

func live() truth {
	return truth{status: prodege.Live, maxCPI: prodege.MustUSD("3.75")}
}

// by is what a person does from the command line, so that the answer is not told in Slack.
func by(user string, of QuestionKind, verdict Verdict) click {
	return click{user: user, of: of, verdict: verdict, command: true}
}

func vouched(e prodege.Event) prodege.Event {
	e.Vouched = "U1"
	return e
}

// only lets each kind of task meet the faults listed.
func only(faults map[Kind][]string) func(Kind) []string {
	return func(k Kind) []string { return faults[k] }
}

func cancelMove(after func(*world) bool) move {
	return move{name: "cancel", after: after, do: func(w *world) *Decision {
		w.cancelled = true
		return nil
	}}
}

// continueMove continues the run as new: reads are abandoned.
var continueMove = move{name: "continue as new", after: func(w *world) bool { return !w.cancelled && !w.mustAwait() }, do: func(w *world) *Decision {
	w.restarts++
	w.abandon()
	return nil
}}

func change(name string, change func(w *world)) move {
	return move{name: name, do: func(w *world) *Decision {
		change(w)
		return nil
	}}
}

func models() []*model {
	return []*model{
		{
			name: "CPI", about: "a CPI pause and its amounts", short: true, truth: live(),
			settings: settings(),
			events:   append(comes(cpi(60, "p1", "4.00"), cpi(50, "p2", "4.50")), liveAfterAct("z")),
			clicks:   []click{approve("ana"), by("bob", OfCPI, AskAgain)},
			large: func(m *model) {
				m.events = append(m.events, happening{e: cpi(40, "p3", "")})
				m.clicks = append(m.clicks, by("bob", OfCPI, Reject))
			},
		},
		{
			name: "another reason", about: "a CPI pause, another reason meanwhile, and CPI again", truth: live(),
			settings: settings(),
			events:   append(comes(cpi(60, "p1", "4.00"), at(50, "x", prodege.Paused, prodege.MaxClicks), cpi(40, "p2", "4.00")), liveAfterAct("z")),
			clicks:   []click{approve("ana")},
			large: func(m *model) {
				m.clicks = append(m.clicks, click{user: "bob", of: OfAction, verdict: ChooseAction, action: prodege.ActClicks, number: 100, command: true})
			},
		},
		{
			name: "a request and an action", about: "an amount is approved, and meanwhile an act from the alert of the same pause", truth: live(),
			settings: settings(),
			events:   comes(cpi(60, "p1", "4.00"), at(50, "x", prodege.Paused, prodege.MaxClicks)),
			clicks:   []click{approve("ana"), {user: "bob", of: OfAction, verdict: ChooseAction, action: prodege.ActClicks, number: 100, command: true}},
			large: func(m *model) {
				m.faults, m.trouble = 1, only(map[Kind][]string{KindAccept: {"any"}, KindAct: {"any"}})
			},
		},
		{
			name: "two approvers", about: "an amount that needs two people", short: true, truth: live(),
			settings: with(func(s *Settings) { s.SecondApproverAbove, s.Ceiling = money("4.00"), money("4.80") }),
			events:   append(comes(cpi(60, "p1", "4.25")), liveAfterAct("z")),
			clicks:   []click{approve("ana"), approve("ana"), approve("bob")},
			large:    func(m *model) { m.events = append(m.events, happening{e: cpi(50, "p2", "4.50")}) },
		},
		{
			name: "two amounts", about: "two people approve, and not the same amount", short: true, truth: live(),
			settings: with(func(s *Settings) { s.SecondApproverAbove, s.Ceiling = money("4.00"), money("4.80") }),
			events:   comes(cpi(60, "p1", "4.25"), cpi(50, "p2", "4.50")),
			clicks:   []click{approve("ana"), {user: "bob", of: OfCPI, verdict: Approve, upTo: money("4.75"), command: true}},
			large:    func(m *model) { m.clicks = append(m.clicks, approve("bob")) },
		},
		{
			name: "who may not", about: "clicks of people who may not decide, that are late, or above the ceiling, and their answers", short: true, truth: live(),
			settings: with(func(s *Settings) { s.Ceiling = money("4.20") }),
			events:   comes(cpi(60, "p1", "4.00")),
			clicks:   []click{{user: "eve", of: OfCPI, verdict: Approve}, {user: "bob", of: OfCPI, verdict: Approve, upTo: money("4.25")}, {user: "ana", of: OfCPI, verdict: Approve, upTo: money("3.95")}},
			faults:   1, trouble: only(map[Kind][]string{KindPermission: {"no list"}}),
			large: func(m *model) {
				m.events = append(m.events, happening{e: cpi(50, "p2", "4.30")})
				m.trouble = only(map[Kind][]string{KindPermission: {"any"}, KindEphemeral: {"any"}})
			},
		},
		{
			name: "an act from the alert", about: "what people do about a pause, another reason, and try again", truth: live(),
			settings: settings(),
			events:   append(comes(at(60, "n1", prodege.Paused, prodege.NoUniqueLinks), at(50, "h1", prodege.Paused, prodege.HighDropOff)), liveAfterAct("z")),
			clicks: []click{
				{user: "ana", of: OfAction, verdict: ChooseAction, action: prodege.ActLive, command: true},
				by("bob", OfAction, TryAgain),
			},
			faults: 1, trouble: only(map[Kind][]string{KindAct: {"refused", "heard, answer lost"}}),
			large: func(m *model) {
				m.events = append(m.events, happening{e: at(55, "s1", prodege.Paused, prodege.SampleSize)})
				m.clicks = append(m.clicks, click{user: "bob", of: OfAction, verdict: ChooseAction, action: prodege.ActSample, number: 500, command: true})
				m.trouble = only(map[Kind][]string{KindAct: {"any"}})
			},
		},
		{
			name: "completed from the alert", about: "people complete a project from its alert, and it is invoiced", truth: live(),
			settings: settings(),
			events:   comes(at(60, "s1", prodege.Paused, prodege.SampleSize), at(50, "c1", prodege.Complete, 903)),
			clicks:   []click{{user: "bob", of: OfAction, verdict: ChooseAction, action: prodege.ActComplete, command: true}, {user: "eve", of: OfAction, verdict: ChooseAction, action: prodege.ActComplete, command: true}},
			faults:   1, trouble: only(map[Kind][]string{KindAct: {"heard, answer lost"}}),
			large: func(m *model) { m.faults, m.trouble = 2, only(map[Kind][]string{KindAct: {"any"}}) },
		},
		{
			name: "invoicing", about: "COMPLETE, facts and INVOICED", short: true, truth: live(),
			settings: settings(), together: true,
			events: comes(at(45, "pc", prodege.PendingComplete, 902), noted(at(50, "c1", prodege.Complete, 903), "done"), noted(at(40, "c2", prodege.Complete, 903), "done again"), at(30, "i1", prodege.Invoiced, 0)),
			clicks: []click{by("fin", OfInvoice, TryAgain)},
			faults: 1, trouble: only(map[Kind][]string{KindInvoice: {"refused", "heard, answer lost"}}),
			large: func(m *model) {
				m.clicks = append(m.clicks, by("fin", OfInvoice, MarkInvoiced))
				m.faults, m.trouble = 2, only(map[Kind][]string{KindInvoice: {"any"}, KindRead: {"passing"}})
			},
		},
		{
			name: "the same COMPLETE", about: "two COMPLETE that say the same, and one that billing refuses", short: true, truth: live(),
			settings: settings(), together: true,
			events: comes(noted(at(50, "c1", prodege.Complete, 903), "done"), noted(at(40, "c2", prodege.Complete, 903), "done"), at(45, "p", prodege.PendingComplete, 902)),
			clicks: []click{by("fin", OfInvoice, TryAgain)},
			faults: 1, trouble: only(map[Kind][]string{KindInvoice: {"refused", "heard, answer lost", "not heard, as it seems"}}),
			large: func(m *model) { m.faults, m.trouble = 2, only(map[Kind][]string{KindInvoice: {"any"}}) },
		},
		{
			name: "by hand", about: "an invoice that people make, that a dry run holds back, or that is deleted", truth: live(),
			settings: with(func(s *Settings) { s.HasBilling = false }),
			events:   comes(at(60, "c1", prodege.Complete, 903), noted(at(50, "c2", prodege.Complete, 903), "again"), at(40, "d", prodege.Deleted, 0)),
			clicks:   []click{by("fin", OfInvoice, MarkInvoiced), by("fin", OfInvoice, SendInvoice)},
			moves: []move{change("dry run on", func(w *world) { w.settings.DryRun = true }), change("dry run off", func(w *world) { w.settings.DryRun = false }),
				change("billing configured", func(w *world) { w.settings.HasBilling = true })},
		},
		{
			name: "late, duplicate, same second", about: "events out of order, twice, and in one second", short: true, truth: live(),
			settings: settings(), together: true,
			events: comes(cpi(60, "p1", "4.00"), at(60, "q1", prodege.Live, 0), cpi(60, "p1", "4.00"), rejected(at(65, "r1", prodege.Paused, 0))),
			clicks: []click{approve("ana")},
			large: func(m *model) {
				m.faults, m.trouble = 1, only(map[Kind][]string{KindRead: {"passing"}, KindPost: {"heard, answer lost"}})
			},
		},
		{
			name: "cancel", about: "somebody cancels the workflow in Temporal", short: true, truth: live(),
			settings: with(func(s *Settings) { s.AlertsChannel = s.ApprovalsChannel }), // so that no other channel is told of what Slack does not accept
			events:   comes(cpi(60, "p1", "4.00"), at(50, "c1", prodege.Complete, 903)),
			clicks:   []click{approve("ana")},
			moves:    []move{cancelMove(nil)},
			faults:   1, trouble: only(map[Kind][]string{KindPost: {"heard, answer lost"}, KindEdit: {"passing"}}),
			large: func(m *model) {
				m.settings, m.clicks[0].command = settings(), false
				m.trouble = only(map[Kind][]string{KindAccept: {"passing", "heard, answer lost"}, KindInvoice: {"passing"}, KindPost: {"heard, answer lost", "passing"}, KindEdit: {"passing"}})
			},
		},
		{
			name: "Prodege refuses or is silent", about: "an acceptance that fails, and reads that fail", short: true, truth: live(),
			settings: settings(),
			events:   append(comes(cpi(60, "p1", "4.00")), liveAfterAct("z")),
			clicks:   []click{approve("ana"), by("bob", OfCPI, TryAgain)},
			moves:    []move{continueMove},
			faults:   2, trouble: only(map[Kind][]string{KindAccept: {"any"}, KindRead: {"passing"}}),
			large: func(m *model) {
				m.events = append(m.events, happening{e: cpi(50, "p2", "3.90")})
				m.clicks = append(m.clicks, by("bob", OfCPI, Close))
			},
		},
		{
			name: "Slack away", about: "posts and edits that fail, are heard without an answer, or are deleted", truth: live(),
			settings: settings(),
			events:   comes(at(60, "x", prodege.Paused, prodege.NoUniqueLinks), rejected(at(50, "r1", prodege.Paused, 0)), at(40, "l", prodege.Live, 0)),
			faults:   2, trouble: only(map[Kind][]string{KindPost: {"any"}, KindEdit: {"any"}, KindDigest: {"any"}}),
			large: func(m *model) { m.events = append(m.events, happening{e: cpi(45, "p1", "4.00")}) },
		},
		{
			name: "a burst", about: "alerts whose turn does not come become lines of a digest, with news about them", short: true, truth: live(),
			settings: settings(),
			events:   comes(at(60, "x", prodege.Paused, prodege.NoUniqueLinks), at(50, "h", prodege.Paused, prodege.SupportAgent), at(40, "l", prodege.Live, 0)),
			faults:   2, trouble: only(map[Kind][]string{KindPost: {"not started"}, KindDigest: {"passing"}, KindEdit: {"deleted by somebody"}}),
			large: func(m *model) {
				m.trouble = only(map[Kind][]string{KindPost: {"any"}, KindDigest: {"any"}, KindEdit: {"any"}})
			},
		},
		{
			name: "Slack away from a request", about: "a request whose message fails: its clock stands still", truth: live(),
			settings: settings(),
			events:   comes(cpi(60, "p1", "4.00"), at(40, "l", prodege.Live, 0)),
			clicks:   []click{approve("ana")},
			faults:   2, trouble: only(map[Kind][]string{KindPost: {"heard, answer lost"}, KindEdit: {"passing", "deleted by somebody"}}),
			large: func(m *model) { m.trouble = only(map[Kind][]string{KindPost: {"any"}, KindEdit: {"any"}}) },
		},
		{
			name: "poll against webhook", about: "what polls find before, between and against webhooks", truth: live(),
			settings: settings(), ahead: true,
			events: comes(cpi(60, "p1", "4.00"), at(50, "x", prodege.Paused, prodege.HighDropOff), at(40, "l", prodege.Live, 0)),
			faults: 1, trouble: only(map[Kind][]string{KindRead: {"passing"}}),
			large: func(m *model) { m.clicks = []click{approve("ana")} },
		},
		{
			name: "a price that moves", about: "Prodege's price moves before its webhook comes, and an approval is under way", truth: live(),
			settings: settings(), ahead: true,
			events: comes(cpi(60, "p1", "4.00"), cpi(50, "p2", "4.50")),
			clicks: []click{approve("ana")},
			large: func(m *model) {
				m.events = append(m.events, liveAfterAct("z"))
				m.clicks = append(m.clicks, approve("bob"))
			},
		},
		{
			name: "switch and limits", about: "the kill switch, the ceiling and the dry run change meanwhile", truth: live(),
			settings: with(func(s *Settings) { s.Ceiling = money("5.00") }),
			events:   comes(cpi(60, "p1", "4.00")),
			clicks:   []click{approve("ana"), by("bob", OfCPI, TryAgain)},
			moves: []move{
				change("switch off", func(w *world) { w.switchOff = true }),
				{name: "switch on", after: func(w *world) bool { return w.switchOff }, do: func(w *world) *Decision {
					w.switchOff = false
					return &Decision{Verdict: Resume}
				}},
				change("the ceiling is lowered", func(w *world) { w.settings.Ceiling = money("3.90") }),
				change("dry run on", func(w *world) { w.settings.DryRun = true }),
			},
			large: func(m *model) {
				m.events = append(m.events, liveAfterAct("z"))
				m.faults, m.trouble = 1, only(map[Kind][]string{KindAccept: {"passing", "heard, answer lost"}})
			},
		},
		{
			name: "by rule", about: "an automatic approval and its guards", short: true, truth: live(),
			settings: with(func(s *Settings) { s.AutoApproveUpTo, s.SecondApproverAbove = money("4.00"), money("4.20") }),
			events:   append(comes(cpi(60, "p1", "3.90"), cpi(50, "p2", "4.10")), liveAfterAct("z")),
			faults:   1, trouble: only(map[Kind][]string{KindAccept: {"refused"}, KindRead: {"passing"}, KindEarlier: {"passing"}}),
			large: func(m *model) {
				m.clicks = []click{approve("ana")}
				m.trouble = only(map[Kind][]string{KindAccept: {"any"}, KindRead: {"any"}, KindEarlier: {"passing"}})
			},
		},
		{
			name: "an old event by rule", about: "what no rule approves: an event that is old, or that somebody vouched for", short: true, truth: live(),
			settings: with(func(s *Settings) { s.AutoApproveUpTo = money("4.00") }),
			events:   comes(cpi(7200, "p1", "3.90"), vouched(cpi(50, "p2", "3.95")), vouched(at(10, "c1", prodege.Complete, 903))),
			clicks:   []click{by("fin", OfInvoice, SendInvoice)},
		},
		{
			name: "an old life", about: "the first event is older than a project stays open here", short: true, truth: live(),
			settings: with(func(s *Settings) { s.AutoApproveUpTo, s.ProjectLinger = money("4.00"), 90*time.Second }),
			events:   comes(cpi(100, "p1", "3.90"), at(95, "c0", prodege.Complete, 903), at(20, "i1", prodege.Invoiced, 0)),
			clicks:   []click{by("fin", OfInvoice, SendInvoice)},
			faults:   1, trouble: only(map[Kind][]string{KindRead: {"passing"}}),
		},
		{
			name: "a second life", about: "the project lived here before", short: true, truth: live(), earlier: true,
			settings: with(func(s *Settings) { s.AutoApproveUpTo = money("4.00") }),
			events:   comes(cpi(100, "p1", "3.90"), at(20, "c1", prodege.Complete, 903), at(10, "i1", prodege.Invoiced, 0)),
			clicks:   []click{by("fin", OfInvoice, SendInvoice)},
			faults:   1, trouble: only(map[Kind][]string{KindEarlier: {"passing"}}),
			large: func(m *model) {
				m.clicks = append(m.clicks, approve("ana"))
				m.trouble = only(map[Kind][]string{KindRead: {"passing"}, KindEarlier: {"passing"}})
			},
		},
	}
}

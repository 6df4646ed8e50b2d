package workflows

import (
	"strconv"
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

const (
	// maxPaces is how many pauses that are over a Project remembers: years of a calm project, weeks of one that
	// flaps every hour.
	maxPaces = 200
	// fewestPaces are kept however large the rest of the state is.
	fewestPaces = 20
)

// MetricPause is how long after a project paused the steps to its end came: until says which.
const MetricPause = "fieldmarshal_pause"

// The steps of a pause.
const (
	untilPost       = "post"       // its first message stood in Slack
	untilDecision   = "decision"   // somebody decided, or a rule did
	untilAcceptance = "acceptance" // Prodege took what was decided
	untilLive       = "live"
)

// Pace is how one pause went: what was done about it and when. Times that are not set did not come.
type Pace struct {
	Opened      prodege.EventID `json:"opened"`
	Reason      prodege.Reason  `json:"update_reason,omitempty"` // the last one that it stood still for
	Description string          `json:"description,omitempty"`   // of a reason that has no number
	ForCPI      bool            `json:"for_cpi,omitempty"`       // people were asked to accept a CPI

	Paused  time.Time `json:"paused"`
	Told    time.Time `json:"told,omitzero"`    // the first message about it stood
	Decided time.Time `json:"decided,omitzero"` // the first decision
	Sent    time.Time `json:"sent,omitzero"`    // Prodege took what was decided
	Ended   time.Time `json:"ended,omitzero"`

	EndStatus prodege.Status `json:"end_status,omitempty"`

	By      string             `json:"by,omitempty"`      // who decided first; empty for a rule
	From    string             `json:"from,omitempty"`    // where from
	Verdict activities.Verdict `json:"verdict,omitempty"` // the newest; empty: none stands
	Amount  *prodege.USD       `json:"amount,omitempty"`  // the CPI that it is about
	Cost    *prodege.USD       `json:"cost,omitempty"`    // what it costs in all; nil: not known
	DryRun  bool               `json:"dry_run,omitempty"`
}

// pace is the pause's, with what the pause itself knows.
func (s *PauseState) pace() *Pace {
	p := &s.Pace
	p.Opened, p.Paused, p.ForCPI = s.Opened, s.Since, s.Request != ""
	p.Reason, p.Description = s.Event.ActionReason(), ""
	if s.Event.AsksCPI() {
		p.Reason = prodege.RealTimePricing
	}
	if p.Reason == 0 {
		p.Description = cut(s.Event.Description, 60)
	}
	return p
}

// noteTold keeps when the first message about the pause stood. Where it is told in the thread of the alert
// before, as the project flaps, that is the reply.
func (p *project) noteTold(ctx workflow.Context) {
	if p.Pause == nil || p.Pause.Alert == "" {
		return
	}
	told := p.Pause.Alert
	if p.LastPause != nil && p.LastPause.Alert == told {
		told = key("again", p.Pause.About)
	}
	p.Pause.pace().tell(ctx, p.board.stood(told))
}

// tell keeps the first time that people could read of the pause.
func (p *Pace) tell(ctx workflow.Context, at time.Time) {
	if p.Told.IsZero() && !at.IsZero() {
		p.Told = at
		p.observe(ctx, untilPost, at)
	}
}

// notePace keeps what a child tells about the pause that it belongs to.
func (p *project) notePace(ctx workflow.Context, o Outcome) {
	pace := p.paceOf(o.Child)
	if pace == nil {
		return
	}
	if pace.Ended.IsZero() {
		pace.tell(ctx, o.Stood)
	}
	if o.Decision != nil {
		pace.decide(ctx, *o.Decision, o.Cost)
	}
	switch activities.Phase(o.Status.Phase) {
	case activities.PhaseSecond: // one of two approvals approves nothing yet
		pace.Verdict, pace.Amount, pace.Cost = "", nil, nil
	case activities.PhaseAccepted:
		if o.Line != nil && o.Line.Kind == LineProdege && pace.Sent.IsZero() {
			pace.Sent = o.Line.At
			pace.observe(ctx, untilAcceptance, pace.Sent)
		}
	}
}

// paceOf is the pace of the pause that a child is about. The project is often live before the acceptance that
// made it so has reported: then it is among those that are over.
func (p *project) paceOf(child string) *Pace {
	about := func(s *PauseState) bool { return s != nil && child != "" && (s.Request == child || s.Action == child) }
	switch {
	case about(p.Pause):
		return p.Pause.pace()
	case about(p.LastPause):
		if n := len(p.Paces); n > 0 && p.Paces[n-1].Opened == p.LastPause.Opened {
			return p.Paces[n-1]
		}
	}
	return nil
}

// decide keeps a decision: who was first, and what the newest one is about.
func (p *Pace) decide(ctx workflow.Context, d activities.Decided, cost *prodege.USD) {
	switch d.Verdict {
	case activities.VerdictAskAgain, activities.VerdictTryAgain:
		return // they decide nothing new
	}
	if p.Decided.IsZero() {
		p.Decided, p.By, p.From = d.At, d.User, d.From
		p.observe(ctx, untilDecision, d.At)
	}
	p.Verdict, p.Amount, p.Cost, p.DryRun = d.Verdict, d.Amount, cost, d.DryRun
}

// keepPace puts a pause among those that are over.
func (p *project) keepPace(ctx workflow.Context, pause *PauseState, e prodege.Event) {
	pace := *pause.pace()
	pace.Ended, pace.EndStatus = e.Time, prodege.Status(cut(string(e.Status), 40))
	if e.Status == prodege.Live {
		pace.observe(ctx, untilLive, e.Time)
	}
	p.Paces = append(p.Paces, &pace)
	if len(p.Paces) > maxPaces {
		p.forgetPaces(len(p.Paces) - maxPaces)
	}
}

func (p *project) forgetPaces(n int) {
	p.PacesGone = p.Paces[n-1].Ended
	p.Paces = append([]*Pace(nil), p.Paces[n:]...)
}

// boundPaces drops the oldest until the state fits, or few are left.
func (p *project) boundPaces() {
	for len(p.Paces) > fewestPaces && jsonSize(p.ProjectState) > maxState {
		p.forgetPaces(len(p.Paces)/4 + 1)
	}
}

// end is how the alert tells the pause's end.
func (s *PauseState) end(e prodege.Event) *activities.End {
	return &activities.End{At: e.Time, Status: e.Status, Reason: e.Reason, Decided: s.Pace.Decided, By: s.Pace.By, From: s.Pace.From}
}

// observe measures a step. Clocks differ, and Prodege's tells seconds only: nothing comes before its pause.
func (p *Pace) observe(ctx workflow.Context, until string, at time.Time) {
	kind := "action"
	if p.ForCPI {
		kind = "cpi"
	}
	tags := map[string]string{"until": until, "kind": kind, "reason": strconv.Itoa(int(p.Reason))}
	workflow.GetMetricsHandler(ctx).WithTags(tags).Timer(MetricPause).Record(max(0, at.Sub(p.Paused)))
}

// cost is what the completes still wanted cost more at the amount than at the max CPI of now, which people have
// agreed to; where that is not known, than at the current CPI. The request says the same.
func (a *approval) cost(d activities.Decided) *prodege.USD {
	n := a.Numbers
	if d.Amount == nil || n == nil || n.Wanted <= 0 {
		return nil
	}
	base := n.MaxCPI
	if base == nil {
		base = n.CPI
	}
	if base == nil {
		return nil
	}
	more := prodege.USD{}
	if d.Amount.Cmp(*base) > 0 {
		more = d.Amount.Sub(*base).Times(max(0, n.Wanted-n.Completes))
	}
	return &more
}

// cost is what the completes that a larger sample adds cost at the CPI of now; other actions cost nothing that
// people did not agree to before.
func (a *action) cost(d activities.Decided) *prodege.USD {
	row, _ := prodege.FindAction(d.Action, a.Event.ActionReason())
	if row.Asks != prodege.AsksSample {
		return &prodege.USD{}
	}
	if a.Figures == nil || a.Figures.CPI == nil || a.Figures.Wanted <= 0 {
		return nil
	}
	more := a.Figures.CPI.Times(max(0, d.Number-a.Figures.Wanted))
	return &more
}

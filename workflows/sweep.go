package workflows

import (
	"fmt"
	"hash/fnv"
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

const (
	// sweepAgain is how long after a finding Prodege is asked once more: it counts only when found twice.
	sweepAgain = time.Minute
	// sweepSkew is by how much the clocks of two workers may differ, each of which says when it asked.
	sweepSkew = 5 * time.Second
	// sweepSlow is how often a project that waits for reconciliation or invoicing is asked after.
	sweepSlow = 24 * time.Hour
	// sweepWithin bounds one question; an unanswered one is asked again at the next turn.
	sweepWithin = 2 * time.Minute
)

// sweeping is a question to Prodege under way.
type sweeping struct {
	answer   workflow.Future
	nameOnly bool
	applied  int64 // events applied when it was asked: an answer that an event overtook is thrown away
}

// scheduleSweep decides when Prodege is asked next how the project stands, because a webhook can be missed
// altogether. It never moves a question that is due sooner.
func (p *project) scheduleSweep(ctx workflow.Context) {
	every := p.sweepEvery()
	if every == 0 {
		p.Sweep.Next = time.Time{}
		return
	}
	next := workflow.Now(ctx).Add(jitter(every, p.ProjectID, p.Sweep.Asked))
	if p.Sweep.Next.IsZero() || p.Sweep.Next.After(next) {
		p.Sweep.Next = next
	}
}

func (p *project) sweepEvery() time.Duration {
	if !p.Settings.HasAPIKey {
		return 0
	}
	switch p.Status {
	case prodege.Live, prodege.Paused, "": // "": opened by hand, and Prodege has not answered yet
		return p.Settings.PollEvery
	case prodege.PendingComplete, prodege.Complete:
		return sweepSlow
	}
	return 0
}

// jitter spreads the questions of many projects by a tenth either way, the same on every replay.
func jitter(every time.Duration, id prodege.ProjectID, n int) time.Duration {
	h := fnv.New32a()
	fmt.Fprintf(h, "%d/%d", id, n)
	share := float64(h.Sum32()%2000)/1000 - 1 // -1 … 1
	return every + time.Duration(share*float64(every)/10)
}

// askSoon asks Prodege at the next turn, at most once a minute.
func (p *project) askSoon(ctx workflow.Context) {
	if !p.Settings.HasAPIKey || p.Status == prodege.Invoiced || p.Status == prodege.Deleted {
		return
	}
	at := workflow.Now(ctx)
	if again := p.Sweep.AskedAt.Add(sweepAgain); !p.Sweep.AskedAt.IsZero() && at.Before(again) {
		at = again // events that disagree must not make a stream of questions
	}
	if p.Sweep.Next.IsZero() || at.Before(p.Sweep.Next) {
		p.Sweep.Next = at
	}
	p.Sweep.NameOnly = false
}

// askName asks Prodege how people call the project, for its alerts. What it says of the status is no finding:
// an event has just told that.
func (p *project) askName(ctx workflow.Context) {
	if p.Settings.HasAPIKey && p.sweep == nil && !due(ctx, p.Sweep.Next) {
		p.Sweep.Next, p.Sweep.NameOnly = workflow.Now(ctx), true
	}
}

func (p *project) sweepAt() time.Time {
	if p.sweep != nil {
		return time.Time{}
	}
	return p.Sweep.Next
}

func (p *project) askProdege(ctx workflow.Context) {
	if p.sweep != nil {
		return
	}
	if !p.Settings.HasAPIKey {
		p.Sweep.Next = time.Time{}
		return
	}
	p.Sweep.Next = time.Time{}
	p.Sweep.Asked++
	if !p.Sweep.NameOnly {
		p.Sweep.AskedAt = workflow.Now(ctx)
	}
	future, settable := workflow.NewFuture(ctx)
	p.sweep = &sweeping{answer: future, applied: p.Counts.Applied, nameOnly: p.Sweep.NameOnly}
	p.Sweep.NameOnly = false
	workflow.GoNamed(ctx, "sweep", func(ctx workflow.Context) {
		reading, err := readProject(ctx, activities.ReadProject{Project: p.ProjectID}, sweepWithin, "ask how the project stands")
		settable.Set(reading, err)
	})
}

// takeFinding looks at an answer of Prodege's. What it finds is no event: it counts only when found twice, a
// minute apart, with no event applied in between, and it does not move the newest event's time.
func (p *project) takeFinding(ctx workflow.Context) {
	if p.sweep == nil || !p.sweep.answer.IsReady() {
		return
	}
	asked := p.sweep
	p.sweep = nil
	var reading activities.Reading
	err := asked.answer.Get(ctx, &reading)
	p.Sweep.Fault = ""
	if err == nil {
		p.learnName(ctx, reading.Info)
	}
	switch {
	case err != nil:
		p.Sweep.Fault, p.Sweep.Found = cut(err.Error(), 300), nil
	case asked.nameOnly:
	case asked.applied != p.Counts.Applied:
		p.Sweep.Found = nil
	default:
		p.missChildren(ctx)
		p.weigh(ctx, reading)
	}
	if p.Sweep.Next.IsZero() {
		p.scheduleSweep(ctx)
	}
}

func (p *project) weigh(ctx workflow.Context, reading activities.Reading) {
	before := p.Sweep.Found
	p.Sweep.Found = p.finding(ctx, reading)
	switch {
	case p.Sweep.Found == nil:
	case before == nil || !sameFinding(*before, *p.Sweep.Found):
		p.Sweep.Next = workflow.Now(ctx).Add(sweepAgain)
	case p.Sweep.Found.Time.Sub(before.Time) < sweepAgain-sweepSkew:
		p.Sweep.Found, p.Sweep.Next = before, before.Time.Add(sweepAgain) // asked sooner, for another reason: too soon to count
	default:
		e := *p.Sweep.Found
		p.Sweep.Found, p.Sweep.LastAt = nil, reading.Asked
		p.Ledger.add(ctx, p.ProjectID, Line{At: workflow.Now(ctx), Kind: LineSweep, What: "found at Prodege: " + string(e.Status), Amount: e.RequiredCPI, Ref: string(e.ID)})
		p.keepLine(e, Applied)
		p.apply(ctx, e)
	}
}

// finding says how the project stands otherwise than its events tell; nil where it does not.
func (p *project) finding(ctx workflow.Context, reading activities.Reading) *prodege.Event {
	info := reading.Info
	nowForCPI := info.Status == prodege.Paused && info.PausedForCPI &&
		(p.Pause == nil || !p.Pause.ForCPI || p.anotherAmount(info) || p.asksNobody(ctx))
	if info.Status == "" || info.Status == p.Status && !nowForCPI {
		return nil
	}
	e := &prodege.Event{ID: prodege.EventID(fmt.Sprintf("sweep-%d", reading.Asked.Unix())), Time: reading.Asked, ProjectID: p.ProjectID,
		Status: info.Status, Source: prodege.FromSweep}
	if info.Status == prodege.Paused {
		switch {
		case info.PausedForCPI:
			e.Reason, e.RequiredCPI = prodege.RealTimePricing, info.RequiredCPI
		case info.PausedClicks:
			e.Reason = prodege.MaxClicks
		default:
			e.Reason = prodege.Other
		}
	}
	return e
}

// asksNobody says whether the request of a pause for CPI has told people that nothing is asked any more, because
// reading the project showed it live, ended or paused for another reason.
func (p *project) asksNobody(ctx workflow.Context) bool {
	if p.Pause == nil {
		return false
	}
	r := p.findRequest(p.Pause.Request)
	if r == nil || r.Status.Closed && r.Status.Phase != phaseLost {
		return false
	}
	return r.Status.Phase == phaseLost || thoughtOver(activities.Phase(r.Status.Phase)) &&
		workflow.GetVersion(ctx, "found though its request was thought over", workflow.DefaultVersion, 1) >= 1
}

// phaseLost is the phase of a child whose workflow was terminated: it said nothing any more.
const phaseLost = "lost"

// missChildren looks whether the open children still live. One that somebody terminated can't tell, and the
// project would wait for it until its next event.
func (p *project) missChildren(ctx workflow.Context) {
	open := p.openChildren()
	if len(open) == 0 || workflow.GetVersion(ctx, "children are looked after", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return
	}
	for _, id := range open {
		if ProjectChanged.send(ctx, id, Change{Kind: ChangeNothing}) {
			continue
		}
		p.takeOutcomes(ctx) // its last words may be on their way
		var s *ChildStatus
		if r := p.findRequest(id); r != nil {
			s = &r.Status
		} else if p.Invoicing != nil {
			s = &p.Invoicing.Status
		}
		if s == nil || s.Closed {
			continue
		}
		s.Closed, s.Busy, s.Phase = true, false, phaseLost
		workflow.GetLogger(ctx).Error("a workflow of this project is gone: somebody terminated it", "project_id", p.ProjectID.String(), "workflow_id", id)
		p.Ledger.add(ctx, p.ProjectID, Line{At: workflow.Now(ctx), Kind: LineEnded, What: "its workflow was terminated", Ref: cut(id, 100)})
	}
}

// anotherAmount says whether Prodege wants another CPI than the newest event told: a webhook went missing, or
// two of one second were told apart by their ids alone.
func (p *project) anotherAmount(info prodege.ProjectInfo) bool {
	told := p.Pause.Event.RequiredCPI
	return told != nil && info.RequiredCPI != nil && !told.Equal(*info.RequiredCPI)
}

func sameFinding(a, b prodege.Event) bool {
	return a.Status == b.Status && a.Reason == b.Reason && sameAmount(a.RequiredCPI, b.RequiredCPI)
}

func sameAmount(a, b *prodege.USD) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// learnName keeps how people call the project, and writes it into the standing alert.
func (p *project) learnName(ctx workflow.Context, info prodege.ProjectInfo) {
	name, po := cut(info.Name, 200), cut(info.ReferenceID, 100)
	if name != "" && (name != p.Name.Name || po != p.Name.PONumber) {
		p.Name.Name, p.Name.PONumber = name, po
		p.drawAlert(ctx)
	}
}

package project

import (
	"fmt"
	"hash/fnv"
	"time"

	"fieldmarshal/prodege"
)

// A webhook can be missed, so Prodege is asked for the project's status from time to time. The answer is not an event: it counts
// only if it is found twice, a minute apart, with no event applied in between, and it does not affect the order of events. A
// webhook that contradicts a newer finding is applied, and Prodege is asked again at once.

const (
	pollAgain  = time.Minute      // between a finding and the read that confirms it
	pollSkew   = 5 * time.Second  // how much the clocks of two workers may differ
	pollSlow   = 24 * time.Hour   // for a project that waits for reconciliation or its invoice
	pollWithin = 25 * time.Second // for one read
	pollFor    = 2 * time.Minute  // how long a read without an answer is repeated
	figuresGap = 20 * time.Second // after a message was posted without figures, until they are read; doubles each time
	figuresFor = 5 * time.Minute  // how long that is tried, which is at most five times: reads must not follow pauses in a storm
)

// Poll says when Prodege is asked, and what was found.
type Poll struct {
	Next    time.Time      `json:"next,omitzero"`
	Asking  *Try           `json:"asking,omitempty"`  // a read in progress
	Applied int64          `json:"applied,omitempty"` // events applied when it was asked
	Found   *prodege.Event `json:"found,omitempty"`   // found once; counts when it is found again
	Asked   int            `json:"asked,omitempty"`   // how often Prodege was asked
	AskedAt time.Time      `json:"asked_at,omitzero"` // when Prodege was last asked
	LastAt  time.Time      `json:"last_at,omitzero"`  // when the newest applied finding was read
	Fault   string         `json:"fault,omitempty"`
}

// schedulePoll decides when Prodege is asked next. It never delays a read that is due sooner.
func (s *State) schedulePoll() {
	if !s.pollable() {
		s.Poll.Next = time.Time{}
	} else if every := s.pollEvery(); every > 0 {
		s.pollBy(s.now.Add(jitter(every, s.ID, s.Poll.Asked)))
	}
}

// pollBy asks Prodege at a time, unless it is asked sooner.
func (s *State) pollBy(at time.Time) {
	if s.Poll.Next.IsZero() || at.Before(s.Poll.Next) {
		s.Poll.Next = at
	}
}

// pollable reports whether Prodege can be asked and its answer matters.
func (s *State) pollable() bool {
	return s.Settings.HasAPIKey && s.Status != prodege.Invoiced && s.Status != prodege.Deleted
}

// pollEvery returns how often Prodege is asked without a particular reason; 0: never.
func (s *State) pollEvery() time.Duration {
	switch s.Status {
	case prodege.Live, prodege.Paused, "": // "": opened by an operator, and Prodege has not answered yet
		return s.Settings.PollEvery
	case prodege.PendingComplete, prodege.Complete:
		return pollSlow
	}
	return 0
}

// jitter spreads the reads of many projects by up to a tenth either way. It is deterministic.
func jitter(every time.Duration, id prodege.ProjectID, n int) time.Duration {
	h := fnv.New32a()
	fmt.Fprintf(h, "%d/%d", id, n)
	share := float64(h.Sum32()%2000)/1000 - 1 // -1 … 1
	return every + time.Duration(share*float64(every)/10)
}

// pollSoon asks Prodege at once, but not more than once per minute, however many events disagree.
func (s *State) pollSoon() {
	switch again := s.Poll.AskedAt.Add(pollAgain); {
	case !s.pollable():
	case s.now.Before(again): // false if it was never asked
		s.pollBy(again)
	default:
		s.pollBy(s.now)
	}
}

func (s *State) pollAlarms(add addAlarm) {
	if s.Poll.Asking != nil {
		return
	}
	add(s.Poll.Next, "check the project's status at Prodege", func() {
		s.Poll.Next = time.Time{}
		if s.Settings.HasAPIKey {
			s.Poll.Asked++
			s.Poll.AskedAt, s.Poll.Applied = s.now, s.Counts.Applied
			s.Poll.Asking = &Try{Until: s.now.Add(pollFor)}
		}
	})
}

func (s *State) pollJobs(add func(job)) {
	if p := s.Poll.Asking; p != nil {
		add(s.readJob("poll/"+itoa(s.Poll.Asked), p, "check the project's status at Prodege", Read{Priority: PriorityPoll, Within: pollWithin}, s.polled))
	}
	if f := s.Figures; f != nil {
		add(s.readJob("figures/"+itoa(int(f.Until.Unix())), f, "read the figures missing from a message", *s.figuresRead(pollWithin), s.figuresArrived))
	}
}

// polled handles an answer.
func (s *State) polled(r Result) {
	p := &s.Poll
	if f := r.Failure; f != nil {
		p.Fault = Cut(f.Text, 300)
		if !p.Asking.retries(s.now, r, 5*time.Second, 30*time.Second) {
			p.Asking, p.Found = nil, nil
			s.schedulePoll()
		}
		return
	}
	p.Asking, p.Fault = nil, ""
	if r.Reading != nil {
		s.Name = nameOf(s.Name, r.Reading.Info)
		if p.Applied != s.Counts.Applied {
			p.Found = nil // an event was applied in the meantime
		} else {
			s.compare(*r.Reading)
		}
	}
	s.schedulePoll()
}

// compare makes what Prodege says a finding if it said the same a minute before.
func (s *State) compare(r Reading) {
	p := &s.Poll
	before := p.Found
	p.Found = s.finding(r)
	switch {
	case p.Found == nil:
	case before == nil || before.Status != p.Found.Status || before.Reason != p.Found.Reason || !sameAmount(before.RequiredCPI, p.Found.RequiredCPI):
		p.Next = s.now.Add(pollAgain)
	case p.Found.Time.Sub(before.Time) < pollAgain-pollSkew:
		p.Found, p.Next = before, before.Time.Add(pollAgain) // read for another reason, too soon to count
	default:
		e := *p.Found
		p.Found, p.LastAt = nil, r.Asked
		s.line(Line{Kind: LineFound, Status: e.Status, Reason: e.Reason, Amount: e.RequiredCPI, Ref: string(e.ID)})
		s.keepLine(e, Applied)
		s.apply(e)
	}
}

// finding returns how the project differs from what its events say; nil if it does not.
func (s *State) finding(r Reading) *prodege.Event {
	info := r.Info
	forCPI := info.Status == prodege.Paused && info.PausedForCPI && (s.Pause == nil || !s.Pause.ForCPI || s.anotherAmount(info) || s.asksNobody())
	if info.Status == "" || info.Status == s.Status && !forCPI {
		return nil
	}
	e := &prodege.Event{ID: prodege.EventID(fmt.Sprintf("sweep-%d", r.Asked.Unix())), Time: r.Asked, ProjectID: s.ID,
		Status: prodege.Status(cutEncoded(string(info.Status), 100)), Source: prodege.FromSweep}
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

// asksNobody reports whether people were told that this pause's request is no longer open.
func (s *State) asksNobody() bool {
	q := s.OpenRequest()
	return q != nil && phases[q.Phase].settled && q.Phase != PhaseCancelled && s.actOf(q) == nil
}

// anotherAmount reports whether Prodege requires another CPI than the newest event said.
func (s *State) anotherAmount(info prodege.ProjectInfo) bool {
	told := s.Pause.Event.RequiredCPI
	return told != nil && info.RequiredCPI != nil && !told.Equal(*info.RequiredCPI)
}

// readWithPost handles what was read when an alert was posted.
func (s *State) readWithPost(r Reading) {
	s.Name = nameOf(s.Name, r.Info)
	if q := s.OpenAction(); q != nil {
		q.Figures = figuresOf(r)
	}
	if r.Info.Status != "" && r.Info.Status != s.Status {
		s.pollSoon()
	}
}

// fillLater schedules a read of the figures that a message was posted without.
func (s *State) fillLater() {
	if s.Settings.HasAPIKey && s.Figures == nil && s.Pause != nil {
		s.Figures = &Try{After: s.now.Add(figuresGap), Until: s.now.Add(figuresFor)}
	}
}

// figuresArrived adds figures that came late. If they contain a required CPI that was unknown, people are asked about it.
func (s *State) figuresArrived(r Result) {
	if s.Figures.retries(s.now, r, figuresGap, figuresFor) {
		return
	}
	s.Figures = nil
	if r.Reading == nil {
		return
	}
	got := *r.Reading
	s.Name = nameOf(s.Name, got.Info)
	if q := s.OpenAction(); q != nil && s.actOf(q) == nil {
		q.Figures = figuresOf(got)
	}
	if q := s.OpenRequest(); q != nil && s.Pause.ForCPI && q.Phase.Decidable() {
		q.mergeReadNumbers(numbersRead(got))
		if q.Required == nil && got.Info.PausedForCPI && got.Info.RequiredCPI != nil {
			s.newer(q, s.foundAmount(q, got.Info.RequiredCPI))
		}
	}
}

// foundAmount returns the event that stands for a required CPI that Prodege was found to ask for.
func (s *State) foundAmount(q *Question, amount *prodege.USD) prodege.Event {
	return prodege.Event{ID: q.Event.ID, Time: s.now, Status: prodege.Paused, Reason: prodege.RealTimePricing, RequiredCPI: amount, Source: prodege.FromSweep}
}

// requireLife starts a search for earlier lives of this project, which goes on as long as somebody waits for it.
func (s *State) requireLife(until time.Time) {
	l := &s.Life.Search
	switch {
	case s.Life.Known:
	case !s.lifeRequired():
		*l = Try{Tries: l.Tries, Until: until}
	case l.Until.Before(until):
		l.Until = until
	}
}

// lifeRequired reports whether an answer may still come.
func (s *State) lifeRequired() bool {
	return s.Life.Search.Busy || s.now.Before(s.Life.Search.Until)
}

func (s *State) lifeJobs(add func(job)) {
	l := &s.Life.Search
	if !l.Busy && (s.Life.Known || !s.lifeRequired()) {
		return
	}
	add(job{base: "earlier", try: l,
		task: func() Task {
			return Task{Summary: "look for earlier runs of this project", Earlier: &EarlierRuns{Project: s.ID}}
		},
		done: func(r Result) {
			if r.Earlier != nil {
				s.Life.Known, s.Life.Earlier, l.Until = true, r.Earlier.Found, time.Time{}
				return
			}
			l.again(s.now, 2*time.Second, time.Minute, 0)
		},
	})
}

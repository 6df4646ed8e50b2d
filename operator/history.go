package operator

import (
	"context"
	"fmt"
	"slices"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// What histories alone tell of a project, where no worker answers: which events reached it, and its ledger as its
// newest run began with it.

// history reads what Temporal keeps of a project; nothing where it can't be read, as the caller has another source
// or has heard of the fault already.
func (c *call) history(id prodege.ProjectID) History {
	ctx, cancel := context.WithTimeout(c.ctx, explainTime)
	defer cancel()
	h, err := c.world.Temporal.History(ctx, id)
	if err != nil {
		return History{}
	}
	return h
}

// unknown says what a history alone does not tell, and what to do.
func (h History) unknown() string {
	if h.Carried == nil {
		return "No worker answers, so what became of the events (the ledger) is not shown: start `fieldmarshal worker`."
	}
	return fmt.Sprintf("No worker answers, so the ledger is as of %s, and what became of events since then is not shown: start `fieldmarshal worker`.", stamp(h.CarriedAt))
}

// projectFromHistory tells a project's story as far as histories do; nil where they tell nothing.
func (c *call) projectFromHistory(id prodege.ProjectID) []Sentence {
	h := c.history(id)
	var list []Sentence
	if p := h.Carried; p != nil {
		for _, line := range newest(p.Ledger, mostLines) {
			list = append(list, ledgerSentence(line))
		}
		for _, e := range p.Last {
			if e.Disposition != workflows.Applied {
				list = append(list, eventSentence(e))
			}
		}
		list = append(carried(list), Sentence{Source: srcCarried, At: h.CarriedAt, Text: fmt.Sprintf("By then it was %s, and had received %d events: %d applied, %d duplicate, %d late, %d unusable.",
			or(string(p.Status), "without a status"), p.Counts.Received, p.Counts.Applied, p.Counts.Duplicate, p.Counts.Late, p.Counts.Unusable)})
	}
	for _, s := range newest(h.Signals, mostLines) {
		list = append(list, tookSentence(s))
	}
	if len(list) == 0 {
		return nil
	}
	slices.SortStableFunc(list, func(a, b Sentence) int { return a.At.Compare(b.At) })
	if more := len(h.Signals) - mostLines; more > 0 {
		list = append(list, Sentence{Text: fmt.Sprintf("Temporal took %d events before these; fieldmarshal evidence %s lists them.", more, id), Source: srcHistory})
	}
	return append(list, Sentence{Text: h.unknown(), Source: srcHistory})
}

// eventFromHistory tells what histories and the inbox tell of an event; nil where that is nothing.
func (c *call) eventFromHistory(id prodege.ProjectID, event prodege.EventID) []Sentence {
	h := c.history(id)
	list := inHistory(h, event)
	if h.Carried != nil {
		known := inState(*h.Carried, event)
		if s, is := seen(*h.Carried, event); is && !toldOf(known) {
			known = append(known, s)
		}
		list = append(list, carried(known)...)
	}
	list = append(list, c.inInbox(id, event)...)
	if list == nil {
		return nil
	}
	return append(list, Sentence{Text: h.unknown(), Source: srcHistory})
}

// carried marks sentences as told by what the newest run began with.
func carried(list []Sentence) []Sentence {
	for i := range list {
		list[i].Source = srcCarried
	}
	return list
}

// gatherFromHistory is the evidence that histories alone give.
func gatherFromHistory(id prodege.ProjectID, h History) Evidence {
	p := workflows.ProjectState{ProjectID: id}
	if h.Carried != nil {
		p = *h.Carried
	}
	// What it carried over says what became of the events before; those since then are told without.
	since := slices.IndexFunc(h.Signals, func(s Signalled) bool { return !s.At.Before(h.CarriedAt) })
	if since < 0 {
		since = len(h.Signals)
	}
	e := gather(p, h.Signals[:since])
	for _, s := range h.Signals[since:] {
		e.Events = append(e.Events, EvidenceEvent{Reached: s.At, Event: s.Event, took: s.At})
	}
	e.AsOf, e.NotShown = h.CarriedAt, h.unknown()
	return e
}

// away says whether no worker answers: none takes any of some questions. A worker that takes one polls anew, whatever
// time its answer needs, and by Temporal's own clock.
func (c *call) away() bool {
	ctx, cancel := context.WithTimeout(c.ctx, awayTime)
	defer cancel()
	before, err := c.seenLast()
	if err != nil {
		return false // what comes next says why
	}
	rows, _, err := c.world.Temporal.List(ctx, anyProject(), askAtOnce)
	if err != nil || len(rows) == 0 {
		return false
	}
	answers := make(chan error, len(rows))
	for _, r := range rows {
		go func() {
			_, err := c.world.Flows.Project(ctx, projectOf(r))
			answers <- err
		}()
	}
	for range rows {
		if err := <-answers; !unanswered(err) {
			return false
		}
	}
	after, err := c.seenLast()
	return err == nil && !after.After(before)
}

// awayTime is how long those questions may take.
const awayTime = 4 * time.Second

// seenLast is when Temporal saw a worker last; zero where it remembers none.
func (c *call) seenLast() (time.Time, error) {
	ctx, cancel := context.WithTimeout(c.ctx, awayTime)
	defer cancel()
	pollers, err := c.world.Temporal.Pollers(ctx)
	if err != nil || len(pollers) == 0 {
		return time.Time{}, err
	}
	return pollers[0].Seen, nil
}

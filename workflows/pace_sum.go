package workflows

import (
	"cmp"
	"slices"
	"time"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// PauseSum is what pauses come to, for one reason or for all.
type PauseSum = activities.ReportRow

// AllPaces are the pauses that a Project remembers, oldest first, the present one last.
func (s *ProjectState) AllPaces() []Pace {
	var all []Pace
	for _, p := range s.Paces {
		all = append(all, *p)
	}
	if s.Pause != nil {
		all = append(all, *s.Pause.pace())
	}
	return all
}

// pauseReason is what a pause is summed up under.
type pauseReason struct {
	code        prodege.Reason
	description string
}

func (p Pace) summedUnder() pauseReason {
	if p.ForCPI && p.Reason == prodege.RealTimePricing {
		return pauseReason{p.Reason, prodege.DescriptionCPI}
	}
	return pauseReason{p.Reason, p.Description}
}

// sumPaces sums up what happened from since until before until: a pause counts when it began, a decision when
// it was made, an end when it came, the hours it stood still as they passed. So two reports that follow each
// other hold everything once.
func sumPaces(paces []Pace, since, until time.Time) (rows []PauseSum, all PauseSum) {
	by := map[pauseReason][]Pace{}
	for _, p := range paces {
		by[p.summedUnder()] = append(by[p.summedUnder()], p)
	}
	for reason, list := range by {
		row := sumRow(list, since, until)
		row.Reason, row.Description = reason.code, reason.description
		if row.Pauses > 0 || row.Still > 0 || row.Decided > 0 || row.Live > 0 {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b PauseSum) int {
		return cmp.Or(cmp.Compare(b.Still, a.Still), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Description, b.Description))
	})
	return rows, sumRow(paces, since, until)
}

func sumRow(paces []Pace, since, until time.Time) (row PauseSum) {
	within := func(t time.Time) bool { return !t.IsZero() && !t.Before(since) && t.Before(until) }
	var toDecision, toLive []time.Duration
	for _, p := range paces {
		if within(p.Paused) {
			row.Pauses++
		}
		if p.Paused.Before(until) && (p.Ended.IsZero() || !p.Ended.Before(until)) {
			row.Standing++
		}
		row.Still += overlap(p.Paused, p.Ended, since, until)
		if within(p.Ended) && p.EndStatus == prodege.Live {
			toLive = append(toLive, max(0, p.Ended.Sub(p.Paused)))
		}
		if within(p.Decided) {
			toDecision = append(toDecision, max(0, p.Decided.Sub(p.Paused)))
			p.addMoney(&row)
		}
	}
	row.Decided, row.ToDecision = len(toDecision), median(toDecision)
	row.Live, row.ToLive = len(toLive), median(toLive)
	return row
}

// addMoney adds what was approved or refused. In a dry run nothing is spent.
func (p Pace) addMoney(row *PauseSum) {
	sum := &row.Approved
	switch {
	case p.DryRun:
		return
	case p.Verdict == activities.VerdictReject:
		sum = &row.Refused
	case p.Verdict != activities.VerdictApprove && p.Verdict != activities.VerdictAct:
		return // nothing stands: one of two approvals, or an approval that was given up
	}
	if p.Cost == nil {
		row.Unpriced++
		return
	}
	*sum = sum.Add(*p.Cost)
}

// overlap is how much of a pause lies within a time; one that is not over lasts on.
func overlap(paused, ended, since, until time.Time) time.Duration {
	if paused.Before(since) {
		paused = since
	}
	if ended.IsZero() || ended.After(until) {
		ended = until
	}
	return max(0, ended.Sub(paused))
}

// median is the middle one; of an even number, the mean of the two.
func median(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	middle := len(list) / 2
	if len(list)%2 == 1 {
		return list[middle]
	}
	return (list[middle-1] + list[middle]) / 2
}

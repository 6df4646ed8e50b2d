package project

import (
	"cmp"
	"slices"
	"time"

	"fieldmarshal/prodege"
)

// PauseHistory is the course of a pause, as recorded in the ledger. Times that are zero did not come.
type PauseHistory struct {
	Opened      string
	Reason      prodege.Reason // the last one that it was paused for
	Description string         // of a reason without a number
	ForCPI      bool           // people were asked to accept a CPI

	Paused  time.Time
	Told    time.Time // the first message about it was posted
	Decided time.Time // the first decision
	Sent    time.Time // Prodege accepted what was decided
	Ended   time.Time

	EndStatus prodege.Status
	By, From  string  // who decided first; By is empty for a rule
	Verdict   Verdict // the newest; empty: none
	Amount    *prodege.USD
	Cost      *prodege.USD // total cost; nil: unknown
	DryRun    bool
}

// PauseHistories returns the courses of the pauses in a ledger, oldest first.
func PauseHistories(lines []Line) []PauseHistory {
	var list []PauseHistory
	at := map[string]int{} // the places of pauses in the list
	for _, l := range lines {
		i, known := at[l.Ref]
		if !known {
			if l.Kind != LinePaused {
				continue // of a pause whose beginning was dropped, or of none
			}
			i = len(list)
			at[l.Ref], list = i, append(list, PauseHistory{Opened: l.Ref, Paused: l.At})
		}
		list[i].add(l)
	}
	return list
}

func (c *PauseHistory) add(l Line) {
	switch l.Kind {
	case LinePaused:
		c.Reason, c.Description = l.Reason, l.Text
	case LineTold:
		c.Told = cmp.Or(c.Told, l.At)
	case LineAsked:
		c.ForCPI = true
	case LineDecided:
		if l.Verdict == AskAgain || l.Verdict == TryAgain {
			return // these decide nothing new
		}
		if c.Decided.IsZero() {
			c.Decided, c.By, c.From = l.At, l.By, l.From
		}
		c.Verdict, c.Amount, c.Cost, c.DryRun = l.Verdict, l.Amount, l.Cost, l.DryRun
		if l.Second {
			c.Verdict, c.Amount, c.Cost = "", nil, nil // the first of two approvals approves nothing yet
		}
	case LineClosed:
		c.DryRun = c.DryRun || l.DryRun
	case LineAccepted:
		c.Sent = cmp.Or(c.Sent, l.At)
	case LineLive, LineEnded:
		c.Ended, c.EndStatus = l.At, l.Status
	}
}

// reasonKey is what pauses are grouped by.
type reasonKey struct {
	code        prodege.Reason
	description string
}

func (c PauseHistory) row() reasonKey {
	if c.ForCPI && c.Reason == prodege.RealTimePricing {
		return reasonKey{c.Reason, prodege.DescriptionCPI}
	}
	return reasonKey{c.Reason, c.Description}
}

// Sum sums up what happened from since (inclusive) to until (exclusive): a pause counts when it began, a decision when it was
// made, an end when it came, and the hours of pause as they passed. So consecutive reports contain everything once.
func Sum(courses []PauseHistory, since, until time.Time) (rows []ReportRow, all ReportRow) {
	by := map[reasonKey][]PauseHistory{}
	for _, c := range courses {
		by[c.row()] = append(by[c.row()], c)
	}
	for reason, list := range by {
		row := sumRow(list, since, until)
		row.Reason, row.Description = reason.code, reason.description
		if row.Pauses > 0 || row.Still > 0 || row.Decided > 0 || row.Live > 0 {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b ReportRow) int {
		return cmp.Or(cmp.Compare(b.Still, a.Still), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Description, b.Description))
	})
	return rows, sumRow(courses, since, until)
}

func sumRow(courses []PauseHistory, since, until time.Time) (row ReportRow) {
	within := func(t time.Time) bool { return !t.IsZero() && !t.Before(since) && t.Before(until) }
	var toDecision, toLive []time.Duration
	for _, c := range courses {
		if within(c.Paused) {
			row.Pauses++
		}
		if c.Paused.Before(until) && (c.Ended.IsZero() || !c.Ended.Before(until)) {
			row.Standing++
		}
		row.Still += overlap(c.Paused, c.Ended, since, until)
		if within(c.Ended) && c.EndStatus == prodege.Live {
			toLive = append(toLive, max(0, c.Ended.Sub(c.Paused)))
		}
		if within(c.Decided) {
			toDecision = append(toDecision, max(0, c.Decided.Sub(c.Paused)))
			c.addMoney(&row)
		}
	}
	row.Decided, row.ToDecision = len(toDecision), median(toDecision)
	row.Live, row.ToLive = len(toLive), median(toLive)
	return row
}

// addMoney adds what was approved or rejected. In a dry run nothing is spent.
func (c PauseHistory) addMoney(row *ReportRow) {
	sum := &row.Approved
	switch {
	case c.DryRun:
		return
	case c.Verdict == Reject:
		sum = &row.Refused
	case c.Verdict != Approve && c.Verdict != ChooseAction:
		return
	}
	if c.Cost == nil {
		row.Unpriced++
		return
	}
	*sum = sum.Add(*c.Cost)
}

// overlap returns how much of a pause lies within a period; one that is not over continues.
func overlap(paused, ended, since, until time.Time) time.Duration {
	if paused.Before(since) {
		paused = since
	}
	if ended.IsZero() || ended.After(until) {
		ended = until
	}
	return max(0, ended.Sub(paused))
}

// median returns the median; of an even number, the mean of the middle two.
func median(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return (list[(len(list)-1)/2] + list[len(list)/2]) / 2
}

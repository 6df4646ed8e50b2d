package project

import (
	"cmp"

	"fieldmarshal/prodege"
)

// Fill adds to a card what was read from Prodege while it was being posted: the project's name, and the figures for the modals
// of an alert's actions. Both the activity that posts and the core, when it gets the same reading, call it, so that they agree
// on what Slack shows.
func (c *Card) Fill(r Reading) {
	if p := c.Pause; p != nil {
		p.Project = nameOf(p.Project, r.Info)
		if p.Action != nil && len(p.Action.Offers) > 0 {
			a := *p.Action
			a.Figures = figuresOf(r)
			p.Action = &a
		}
	}
}

// nameOf returns a project's name with what was read.
func nameOf(name Name, info prodege.ProjectInfo) Name {
	if text := cutEncoded(info.Name, 200); text != "" {
		name.Name, name.PONumber = text, cutEncoded(info.ReferenceID, 100)
	}
	return name
}

// figuresOf returns the figures for modals from a reading.
func figuresOf(r Reading) *Figures {
	f := &Figures{CPI: r.Info.CPI, Wanted: r.Info.SampleSize}
	if q := r.Quotas; q != nil {
		f.Completes = q.Completes
		f.Wanted = cmp.Or(f.Wanted, q.Wanted)
	}
	if c := r.Clicks; c != nil {
		f.Clicks, f.ClickCap, f.ClicksLeft, f.Refill = true, c.Cap, c.Left, c.Refill
	}
	return f
}

// numbersOf returns the numbers in an event of the Real Time Pricing webhook; nil for any other event.
func numbersOf(e prodege.Event) *Numbers {
	p := e.Pricing
	if p == nil {
		return nil
	}
	return &Numbers{CPI: p.CurrentCPI, AvgCPI: p.AvgCPI, MaxCPI: p.MaxCPI, BidIR: Cut(p.BidIR, 20), ActualIR: Cut(p.ActualIR, 20),
		BidLOI: Cut(p.BidLOI, 20), ActualLOI: Cut(p.ActualMedianLOI, 20), AsOf: e.Time}
}

// numbersRead returns the numbers in a reading from Prodege's API.
func numbersRead(r Reading) Numbers {
	info := r.Info
	n := Numbers{CPI: info.CPI, AvgCPI: info.AvgCPI, MaxCPI: info.MaxCPI, BidIR: Cut(info.ExpectedIR, 20), BidLOI: Cut(info.LOI, 20),
		Wanted: info.SampleSize, AsOf: r.Asked}
	if q := r.Quotas; q != nil {
		n.Completes = q.Completes
		n.Wanted = cmp.Or(n.Wanted, q.Wanted)
	}
	return n
}

// eitherNumbers returns the numbers of one, or those of the other where one has none.
func eitherNumbers(one, other Numbers) Numbers {
	return Numbers{
		CPI: cmp.Or(one.CPI, other.CPI), AvgCPI: cmp.Or(one.AvgCPI, other.AvgCPI), MaxCPI: cmp.Or(one.MaxCPI, other.MaxCPI),
		Completes: cmp.Or(one.Completes, other.Completes), Wanted: cmp.Or(one.Wanted, other.Wanted),
		BidIR: cmp.Or(one.BidIR, other.BidIR), ActualIR: cmp.Or(one.ActualIR, other.ActualIR),
		BidLOI: cmp.Or(one.BidLOI, other.BidLOI), ActualLOI: cmp.Or(one.ActualLOI, other.ActualLOI),
		AsOf: cmp.Or(one.AsOf, other.AsOf),
	}
}

// CostOf returns how much more the completes still wanted cost at an amount than at the present max CPI, which people have
// agreed to, or if that is unknown, than at the current CPI; nil if neither is known.
func CostOf(amount prodege.USD, n *Numbers) *prodege.USD {
	if n == nil || n.Wanted <= 0 {
		return nil
	}
	base := cmp.Or(n.MaxCPI, n.CPI)
	if base == nil {
		return nil
	}
	more := prodege.USD{}
	if amount.Cmp(*base) > 0 {
		more = amount.Sub(*base).Times(max(0, n.Wanted-n.Completes))
	}
	return &more
}

func (q *Question) known() Numbers {
	if q.Numbers == nil {
		return Numbers{}
	}
	return *q.Numbers
}

// mergeEventNumbers records the numbers from a Real Time Pricing event whose amount is asked about already.
func (q *Question) mergeEventNumbers(e prodege.Event) {
	told := numbersOf(e)
	if told == nil || !q.Phase.Decidable() {
		return // keep the figures on which people decided
	}
	known := q.known()
	all := eitherNumbers(*told, known)
	if e.Time.Before(known.AsOf) {
		all = eitherNumbers(known, *told)
	} else if known.Wanted != 0 || known.Completes != 0 {
		all.AsOf = known.AsOf // the time of the reading
	}
	all.ActualIR, all.ActualLOI = cmp.Or(told.ActualIR, known.ActualIR), cmp.Or(told.ActualLOI, known.ActualLOI)
	q.Numbers = &all
}

// mergeReadNumbers merges what was read with what events said; bids only come with events.
func (q *Question) mergeReadNumbers(read Numbers) {
	known := q.known()
	all := eitherNumbers(read, known)
	all.BidIR, all.BidLOI = cmp.Or(known.BidIR, read.BidIR), cmp.Or(known.BidLOI, read.BidLOI)
	q.Numbers = &all
}

// costOf returns the total cost of a decision; nil if unknown.
func (s *State) costOf(q *Question, d Decided) *prodege.USD {
	if q.Kind == OfCPI {
		if d.Amount == nil {
			return nil
		}
		return CostOf(*d.Amount, q.Numbers)
	}
	row, _ := q.offer(d.Action)
	if row.Asks != prodege.AsksSample {
		return &prodege.USD{} // other actions cost nothing beyond what people agreed to before
	}
	if q.Figures == nil || q.Figures.CPI == nil || q.Figures.Wanted <= 0 {
		return nil
	}
	return ptr(q.Figures.CPI.Times(max(0, d.Number-q.Figures.Wanted)))
}

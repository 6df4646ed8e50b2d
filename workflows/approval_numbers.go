package workflows

import (
	"cmp"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// readNumbers asks Prodege for what belongs on the message. Nil where it does not answer in time.
func (a *approval) readNumbers(ctx workflow.Context, e prodege.Event) *prodege.ProjectInfo {
	told := numbersOf(e)
	if again := a.Numbers != nil && a.Previous == nil; again && pricingFigures(ctx) { // the same amount, asked again: what is known stays
		if told != nil {
			all := eitherNumbers(*told, *a.Numbers)
			a.Numbers = &all
		}
	} else {
		a.Numbers = told
	}
	if !a.Settings.HasAPIKey {
		return nil
	}
	reading := a.read(ctx, activities.ReadProject{Project: a.Project.ID, Quotas: true}, "read the project's figures for the request")
	if reading == nil {
		return nil
	}
	a.keepNumbers(ctx, *reading)
	return &reading.Info
}

// fill puts figures that came late on the message; a required CPI that Prodege had not told is asked for.
func (a *approval) fill(ctx workflow.Context, got activities.Reading) {
	a.keepNumbers(ctx, got)
	if a.Required == nil && a.asking() && got.Info.PausedForCPI && got.Info.RequiredCPI != nil {
		a.newer(ctx, prodege.Event{Time: workflow.Now(ctx), Status: prodege.Paused, Reason: prodege.RealTimePricing, RequiredCPI: got.Info.RequiredCPI, Source: prodege.FromSweep})
	}
}

// keepNumbers keeps what was read beside what events told; a bid is an event's own word.
func (a *approval) keepNumbers(ctx workflow.Context, reading activities.Reading) {
	info := reading.Info
	if info.Name != "" {
		a.Project.Name, a.Project.PONumber = cut(info.Name, 200), cut(info.ReferenceID, 100)
	}
	read := activities.Numbers{CPI: info.CPI, AvgCPI: info.AvgCPI, MaxCPI: info.MaxCPI, BidIR: cut(info.ExpectedIR, 20), BidLOI: cut(info.LOI, 20),
		Wanted: info.SampleSize, AsOf: reading.Asked}
	if q := reading.Quotas; q != nil {
		read.Completes = q.Completes
		if read.Wanted == 0 {
			read.Wanted = q.Wanted
		}
	}
	known := a.known()
	all := eitherNumbers(read, known)
	all.BidIR, all.BidLOI = cmp.Or(known.BidIR, read.BidIR), cmp.Or(known.BidLOI, read.BidLOI)
	if read.MaxCPI == nil && known.MaxCPI != nil && !pricingFigures(ctx) {
		all.MaxCPI = nil
	}
	a.Numbers = &all
}

// hearNumbers keeps what the Real Time Pricing webhook tells with an event of an amount that is asked for already.
// It is part of the whole only: reading Prodege, be it later, tells the rest.
func (a *approval) hearNumbers(ctx workflow.Context, e prodege.Event) {
	told, known := numbersOf(e), a.known()
	deciding := a.asking() || a.Phase == activities.PhaseExpired
	switch {
	case told == nil, a.Numbers == nil && !deciding:
		return
	case !pricingFigures(ctx):
		if a.Numbers != nil {
			known.ActualIR, known.ActualLOI = told.ActualIR, told.ActualLOI
			a.Numbers = &known
		}
		return
	}
	all := known
	switch {
	case !deciding: // the figures that were decided by stand
	case e.Time.Before(known.AsOf):
		all = eitherNumbers(known, *told)
	default:
		all = eitherNumbers(*told, known)
		if known.Wanted != 0 || known.Completes != 0 {
			all.AsOf = known.AsOf // of those that were read
		}
	}
	all.ActualIR, all.ActualLOI = cmp.Or(told.ActualIR, known.ActualIR), cmp.Or(told.ActualLOI, known.ActualLOI) // nobody else tells them
	a.Numbers = &all
}

// known is a copy of the figures as they stand: the message that stands holds them, and shows by them what is to be
// drawn anew.
func (a *approval) known() activities.Numbers {
	if a.Numbers == nil {
		return activities.Numbers{}
	}
	return *a.Numbers
}

// pricingFigures says whether a run takes all that the Real Time Pricing webhook tells, and lets nothing blank it.
func pricingFigures(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, "figures of the pricing webhook", workflow.DefaultVersion, 1) >= 1
}

// eitherNumbers are the figures of one, and of the other where the one does not tell.
func eitherNumbers(one, other activities.Numbers) activities.Numbers {
	return activities.Numbers{
		CPI: cmp.Or(one.CPI, other.CPI), AvgCPI: cmp.Or(one.AvgCPI, other.AvgCPI), MaxCPI: cmp.Or(one.MaxCPI, other.MaxCPI),
		Completes: cmp.Or(one.Completes, other.Completes), Wanted: cmp.Or(one.Wanted, other.Wanted),
		BidIR: cmp.Or(one.BidIR, other.BidIR), ActualIR: cmp.Or(one.ActualIR, other.ActualIR),
		BidLOI: cmp.Or(one.BidLOI, other.BidLOI), ActualLOI: cmp.Or(one.ActualLOI, other.ActualLOI),
		AsOf: cmp.Or(one.AsOf, other.AsOf),
	}
}

// numbersOf is what the Real Time Pricing webhook told with the event.
func numbersOf(e prodege.Event) *activities.Numbers {
	p := e.Pricing
	if p == nil {
		return nil
	}
	return &activities.Numbers{CPI: p.CurrentCPI, AvgCPI: p.AvgCPI, MaxCPI: p.MaxCPI, BidIR: cut(p.BidIR, 20), ActualIR: cut(p.ActualIR, 20),
		BidLOI: cut(p.BidLOI, 20), ActualLOI: cut(p.ActualMedianLOI, 20), AsOf: e.Time}
}

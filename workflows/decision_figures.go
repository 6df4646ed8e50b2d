package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
)

// figuresFor is how long figures are still worth having once the message stands without them.
const figuresFor = time.Hour

// reading is a question to Prodege whose answer did not come in the time that a message may wait for it.
type reading struct {
	generation int
	answer     workflow.Future
	cancel     workflow.CancelFunc
}

// read asks Prodege for figures that belong on the message, for 15 s at most. Where they do not come in time
// they are filled in by an edit when they do. Nil where there is no answer yet, or there will be none.
func (d *deciding) read(ctx workflow.Context, in activities.ReadProject, what string) *activities.Reading {
	got, err := readProject(ctx, in, readLimit, what)
	missing := err == nil && (in.Quotas && got.Quotas == nil || in.Clicks && got.Clicks == nil)
	refusal, refused := activities.RefusalOf(err)
	switch {
	case err == nil && !missing:
	case refused && !passes(err):
		workflow.GetLogger(ctx).Warn("a message goes out without Prodege's figures", "project_id", in.Project.String(), "error", refusal.Text)
	case workflow.GetVersion(ctx, "figures filled in later", workflow.DefaultVersion, 1) >= 1:
		in.Patient = true
		d.forgetFigures() // of a generation before
		rctx, cancel := workflow.WithCancel(ctx)
		d.later = &reading{generation: d.s.Generation, answer: readProjectLater(rctx, in, figuresFor, what+", as it did not answer in time"), cancel: cancel}
	}
	if err != nil {
		return nil
	}
	return &got
}

// forgetFigures breaks off a question whose answer nobody waits for any more.
func (d *deciding) forgetFigures() {
	if d.later != nil {
		d.later.cancel()
	}
}

// hearFigures fills in what came late.
func (d *deciding) hearFigures(ctx workflow.Context) {
	if d.later == nil || !d.later.answer.IsReady() {
		return
	}
	var got activities.Reading
	err, generation := d.later.answer.Get(ctx, &got), d.later.generation
	d.later = nil
	if err != nil || generation != d.s.Generation || d.s.Ended != nil {
		return
	}
	d.matter.fill(ctx, got)
	d.matter.draw(ctx)
}

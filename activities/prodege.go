package activities

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

const (
	prodegeCalls = 5                // per second and worker; Prodege publishes no limit, and answers 103 beyond it
	readWithin   = 15 * time.Second // if the input has no limit
)

// Switch is the kill switch for everything that is sent to Prodege.
type Switch interface {
	// AcceptingNow reports whether anything may be accepted. An error means that it can't be read.
	AcceptingNow(ctx context.Context) (bool, error)
}

// ProdegeOptions configure Prodege.
type ProdegeOptions struct {
	API    *prodege.Client // nil: no PRODEGE_API_KEY, so nothing is called
	Switch Switch          // required if there is an API

	DryRun         bool         // DRY_RUN: nothing is sent that changes anything
	Ceiling        *prodege.USD // CPI_CEILING; nil: none
	CallsPerSecond float64      // PRODEGE_CALLS_PER_SECOND, for all activities together; 5 if 0
}

// Prodege reads and changes projects at the supplier. Its methods are activities and safe for concurrent use.
type Prodege struct {
	api       *prodege.Client
	accepting Switch
	dryRun    bool
	ceiling   *prodege.USD
	turns     *turns
}

// NewProdege makes the activities.
func NewProdege(o ProdegeOptions) *Prodege {
	if o.CallsPerSecond <= 0 {
		o.CallsPerSecond = prodegeCalls
	}
	return &Prodege{api: o.API, accepting: o.Switch, dryRun: o.DryRun, ceiling: o.Ceiling, turns: newTurns(o.CallsPerSecond)}
}

// ReadProject reads a project within the time that the input allows. Quotas and click settings that don't come in time are
// left out.
func (p *Prodege) ReadProject(ctx context.Context, in project.Read) (project.Reading, error) {
	operation := "read project " + in.Project.String()
	if p.api == nil {
		return project.Reading{}, notSent(operation, "there is no PRODEGE_API_KEY").err()
	}
	within, cancel := context.WithTimeout(ctx, cmp.Or(in.Within, readWithin))
	defer cancel()
	out, err := p.reading(within, in)
	switch {
	case err == nil:
		return out, nil
	case ctx.Err() != nil:
		return project.Reading{}, ctx.Err()
	case within.Err() != nil && !errors.Is(err, errBusy):
		err = errLate
	}
	return project.Reading{}, p.failed(ctx, operation, "read", err).err()
}

// reading reads everything concurrently, once it is the project's turn.
func (p *Prodege) reading(ctx context.Context, in project.Read) (project.Reading, error) {
	if err := p.turns.wait(ctx, priorityOf(in.Priority)); err != nil {
		return project.Reading{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var out project.Reading
	var extras sync.WaitGroup
	if in.Quotas {
		extras.Go(func() { out.Quotas = optional(ctx, p, in, "quotas", p.api.Quotas) })
	}
	if in.Clicks {
		extras.Go(func() { out.Clicks = optional(ctx, p, in, "click settings", p.api.ClickSettings) })
	}
	asked := time.Now().UTC()
	info, err := p.info(ctx, in.Project)
	if err != nil {
		cancel() // the other figures are useless without the project
	}
	extras.Wait()
	out.Asked, out.Info = asked, info
	return out, err
}

// info reads a project. The caller has waited for its turn.
func (p *Prodege) info(ctx context.Context, id prodege.ProjectID) (prodege.ProjectInfo, error) {
	info, err := p.api.ProjectInfo(ctx, id)
	if err == nil && info.Status == "" {
		err = errNoStatus
	}
	if err == nil {
		count(ctx, metricProdege, "done", "read")
	}
	return info, err
}

// optional reads figures; nil if they don't come in time.
func optional[T any](ctx context.Context, p *Prodege, in project.Read, what string, read func(context.Context, prodege.ProjectID) (T, error)) *T {
	err := p.turns.wait(ctx, priorityOf(in.Priority))
	if err == nil {
		var got T
		if got, err = read(ctx, in.Project); err == nil {
			return &got
		}
	}
	activity.GetLogger(ctx).Warn("figures of a project did not come in time and are left out", "what", what, "project_id", in.Project.String(), "error", err)
	return nil
}

// failed counts a failed call and says how it failed.
func (p *Prodege) failed(ctx context.Context, operation, call string, err error) *failure {
	f := prodegeFailure(operation, err)
	outcome := f.outcome()
	if errors.Is(err, errBusy) {
		outcome = "given_up"
	}
	count(ctx, metricProdege, outcome, call)
	return f
}

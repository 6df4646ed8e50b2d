package activities

import (
	"context"
	"errors"
	"math"
	"time"

	"go.temporal.io/sdk/activity"
	"golang.org/x/time/rate"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
)

const (
	prodegeCalls = 5               // a second, of one worker; Prodege publishes no figure and answers 103 beyond its own
	quotasFor    = 4 * time.Second // figures that only adorn must not cost the reading
)

// Switch is the kill switch of all acceptance.
type Switch interface {
	// AcceptingNow says whether anything may be accepted. An error means that it can't be read.
	AcceptingNow(ctx context.Context) (bool, error)
}

// ProdegeOptions configure Prodege.
type ProdegeOptions struct {
	API    *prodege.Client // nil: no PRODEGE_API_KEY, so nothing is called
	Switch Switch          // required where there is an API

	DryRun         bool         // DRY_RUN: nothing is sent that changes anything
	Ceiling        *prodege.USD // CPI_CEILING; nil: none
	CallsPerSecond float64      // of all activities together; 5 where 0
}

// Prodege is what is asked of the supplier and accepted there. Its methods are activities and safe for
// concurrent use.
type Prodege struct {
	api     *prodege.Client
	on      Switch
	dryRun  bool
	ceiling *prodege.USD
	limit   *rate.Limiter
}

// NewProdege makes the activities.
func NewProdege(o ProdegeOptions) *Prodege {
	if o.CallsPerSecond <= 0 {
		o.CallsPerSecond = prodegeCalls
	}
	burst := int(math.Ceil(o.CallsPerSecond))
	return &Prodege{api: o.API, on: o.Switch, dryRun: o.DryRun, ceiling: o.Ceiling, limit: rate.NewLimiter(rate.Limit(o.CallsPerSecond), burst)}
}

// ReadProject asks Prodege for a project. Quotas and click settings that can't be had are left out, unless the
// asker is patient.
func (p *Prodege) ReadProject(ctx context.Context, in ReadProject) (Reading, error) {
	what := "read project " + in.Project.String()
	if p.api == nil {
		const lacks = "there is no PRODEGE_API_KEY"
		return Reading{}, refused(TypeProdegeRefused, what+": "+lacks, cards.Refusal{Party: partyProdege, Text: lacks})
	}
	out := Reading{}
	info, err := p.info(ctx, in.Project, &out.Asked)
	if err != nil {
		return Reading{}, p.fault(ctx, what, "read", err)
	}
	out.Info = info
	if in.Quotas {
		out.Quotas, err = adorn(ctx, p, in, "quotas", p.api.Quotas)
	}
	if in.Clicks && err == nil {
		out.Clicks, err = adorn(ctx, p, in, "click settings", p.api.ClickSettings)
	}
	if err != nil {
		return Reading{}, p.fault(ctx, what, "read", err)
	}
	return out, nil
}

// info reads a project; asked becomes the time right before the call.
func (p *Prodege) info(ctx context.Context, id prodege.ProjectID, asked *time.Time) (prodege.ProjectInfo, error) {
	if err := p.limit.Wait(ctx); err != nil {
		return prodege.ProjectInfo{}, errBusy
	}
	*asked = time.Now().UTC()
	info, err := p.api.ProjectInfo(ctx, id)
	if err == nil && info.Status == "" {
		err = errNoStatus
	}
	if err == nil {
		count(ctx, metricProdege, "done", "read")
	}
	return info, err
}

// adorn reads figures that only adorn. Where somebody waits, those that can't be had in time are left out.
func adorn[T any](ctx context.Context, p *Prodege, in ReadProject, what string, read func(context.Context, prodege.ProjectID) (T, error)) (*T, error) {
	var got T
	var err error
	if !in.Patient {
		short, cancel := context.WithTimeout(ctx, quotasFor)
		defer cancel()
		ctx = short
	}
	if p.limit.Wait(ctx) != nil {
		err = errBusy
	} else {
		got, err = read(ctx, in.Project)
	}
	switch {
	case err == nil:
		return &got, nil
	case in.Patient:
		return nil, err
	}
	activity.GetLogger(ctx).Warn("the project is told without figures that can't be had", "what", what, "project_id", in.Project.String(), "error", err)
	return nil, nil
}

// Faults of ours that pass.
var (
	errBusy     = errors.New("too many calls to Prodege wait already")
	errNoStatus = errors.New("the answer says nothing of the project's status")
)

// fault is what an activity returns for a failed call.
func (p *Prodege) fault(ctx context.Context, what, call string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	err = prodegeError(what, err)
	outcome := "passing"
	if isFinal(err) {
		outcome = "refused"
	}
	count(ctx, metricProdege, outcome, call)
	return err
}

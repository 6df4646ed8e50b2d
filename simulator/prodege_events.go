package simulator

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"fieldmarshal/prodege"
)

// How says in which way an event is sent. The zero value sends it once, as the options say.
type How struct {
	Encoding prodege.Encoding // default ProdegeOptions.Encoding
	Quiet    bool             // the project changes, nothing is sent: a webhook that went missing
	Copies   int              // so many identical deliveries, one after the other; 0 is one
	ID       prodege.EventID  // default a new one
	Time     time.Time        // default Prodege's clock
	Secret   prodege.Secret   // default the right one
	Unknown  []prodege.Field  // fields that the contract does not have
	Pricing  bool             // Real Time Pricing tells of it too, if it has an address; with PauseForCPI, ChangePrice, Live
}

// Tell changes a project to what event says and sends it, whatever the rules say: for events of which none of
// the methods below is the maker. An unknown project is made. ID and Time are filled in if they are empty.
func (p *Prodege) Tell(ctx context.Context, event prodege.Event, how ...How) (Exchange, error) {
	h := one(how)
	p.mu.Lock()
	project := p.projects[event.ProjectID]
	if project == nil {
		project = &Project{ID: event.ProjectID, Name: "Project " + event.ProjectID.String()}
		p.projects[event.ProjectID] = project
		p.order = append(p.order, event.ProjectID)
	}
	filled := p.eventOf(project, h)
	event.ID, event.Time = prodege.EventID(or(string(event.ID), string(filled.ID))), orTime(event.Time, filled.Time)
	project.stand(event)
	event.Unknown = append(event.Unknown, h.Unknown...)
	p.mu.Unlock()
	p.tell()
	return p.deliver(ctx, p.webhookURL(), h, event)
}

// stand brings a project to what an event says of it.
func (project *Project) stand(event prodege.Event) {
	project.finish(event.Status, event.Reason, event.Description)
	if event.AsksCPI() {
		project.PausedForCPI, project.RequiredCPI = true, event.RequiredCPI
	}
	project.told = event.Time
}

// Pause pauses a project for a reason other than CPI.
func (p *Prodege) Pause(ctx context.Context, id prodege.ProjectID, reason prodege.Reason, how ...How) (Exchange, error) {
	return p.change(ctx, id, one(how), func(project *Project) {
		project.finish(prodege.Paused, reason, descriptions[reason])
		project.PausedClicks = reason == prodege.MaxClicks
		project.reach(reason)
	}, nil)
}

// PauseForCPI pauses a project until the required CPI is accepted.
func (p *Prodege) PauseForCPI(ctx context.Context, id prodege.ProjectID, required prodege.USD, how ...How) (Exchange, error) {
	return p.change(ctx, id, one(how), func(project *Project) {
		project.Status, project.Reason, project.Description = prodege.Paused, prodege.RealTimePricing, prodege.DescriptionCPI
		project.PausedForCPI, project.RequiredCPI, project.PausedClicks = true, &required, false
	}, nil)
}

// ChangePrice tells of another required CPI for a project that is paused for CPI, in a further event.
func (p *Prodege) ChangePrice(ctx context.Context, id prodege.ProjectID, required prodege.USD, how ...How) (Exchange, error) {
	return p.PauseForCPI(ctx, id, required, how...)
}

// Live makes a project LIVE, as if somebody had resumed it on Prodege's own pages.
func (p *Prodege) Live(ctx context.Context, id prodege.ProjectID, how ...How) (Exchange, error) {
	return p.change(ctx, id, one(how), (*Project).resume, nil)
}

// PendingComplete tells of a reconciliation attempt; note may be empty.
func (p *Prodege) PendingComplete(ctx context.Context, id prodege.ProjectID, note string, how ...How) (Exchange, error) {
	return p.change(ctx, id, one(how), func(project *Project) {
		project.finish(prodege.PendingComplete, prodege.ReconciliationTried, descriptions[prodege.ReconciliationTried])
	}, func(e *prodege.Event) { e.ReconciliationNote = note })
}

// reach makes the figures of a project fit what it is paused for: no click is left, all completes are in.
func (project *Project) reach(reason prodege.Reason) {
	switch {
	case reason == prodege.MaxClicks:
		settings := map[string]string{"enable_max_clicks_cap": "500", "enable_max_clicks_max_click_rate_id": "2"}
		maps.Copy(settings, project.Settings)
		settings["enable_max_clicks"], settings["enable_max_clicks_allowed_clicks"] = "true", "0"
		project.Settings = settings
	case reason == prodege.SampleSize && len(project.Quotas) > 0:
		quotas := slices.Clone(project.Quotas)
		missing := project.SampleSize
		for _, q := range quotas {
			missing -= q.Completes
		}
		quotas[0].Completes += max(missing, 0)
		project.Quotas = quotas
	}
}

// Complete completes a project: reason is 903 after reconciliation (note may be given), 209 after inactivity.
func (p *Prodege) Complete(ctx context.Context, id prodege.ProjectID, reason prodege.Reason, note string, how ...How) (Exchange, error) {
	return p.change(ctx, id, one(how), func(project *Project) {
		project.finish(prodege.Complete, reason, descriptions[reason])
	}, func(e *prodege.Event) { e.ReconciliationNote = note })
}

// RejectReconciliation tells that a reconciliation was rejected, with the note of Prodege's support. The
// contract names no code and no status for it; the status is sent as it is.
func (p *Prodege) RejectReconciliation(ctx context.Context, id prodege.ProjectID, note string, how ...How) (Exchange, error) {
	return p.change(ctx, id, one(how), func(project *Project) {
		project.finish(prodege.Paused, prodege.Other, prodege.DescriptionRejection)
	}, func(e *prodege.Event) { e.RejectionNote = note })
}

// Invoice tells that the project was invoiced.
func (p *Prodege) Invoice(ctx context.Context, id prodege.ProjectID, how ...How) (Exchange, error) {
	return p.change(ctx, id, one(how), func(project *Project) {
		project.finish(prodege.Invoiced, prodege.Other, descriptions[prodege.Other])
	}, nil)
}

// Delete tells that the project was deleted.
func (p *Prodege) Delete(ctx context.Context, id prodege.ProjectID, how ...How) (Exchange, error) {
	return p.change(ctx, id, one(how), func(project *Project) {
		project.finish(prodege.Deleted, prodege.Other, descriptions[prodege.Other])
	}, nil)
}

// descriptions are what Prodege writes beside a reason. Only DISABLED_BY_HAS_REACHED_SAMPLE_SIZE and
// COMPLETE_RECONCILIATION are known from its texts; the others are made in their likeness.
var descriptions = map[prodege.Reason]string{
	prodege.MaxClicks: "DISABLED_BY_MAX_CLICKS", prodege.NoUniqueLinks: "DISABLED_BY_NO_MORE_UNIQUE_LINKS",
	prodege.SampleSize: "DISABLED_BY_HAS_REACHED_SAMPLE_SIZE", prodege.RealTimePricing: prodege.DescriptionCPI,
	prodege.PausedInactive: "PAUSED_DUE_TO_INACTIVITY", prodege.CompleteInactive: "COMPLETE_DUE_TO_INACTIVITY",
	prodege.HighDropOff: "DISABLED_BY_HIGH_DROP_OFF_RATE", prodege.SupportAgent: "DISABLED_BY_SUPPORT_AGENT",
	prodege.ReconciliationTried: "PENDING_COMPLETE_RECONCILIATION", prodege.ReconciliationComplete: "COMPLETE_RECONCILIATION",
	prodege.Other: "OTHER",
}

func one(how []How) How {
	if len(how) == 0 {
		return How{}
	}
	return how[0]
}

func orTime(t, fallback time.Time) time.Time {
	if t.IsZero() {
		return fallback
	}
	return t
}

// change changes a project, then sends the event that tells of it.
func (p *Prodege) change(ctx context.Context, id prodege.ProjectID, how How, change func(*Project), adorn func(*prodege.Event)) (Exchange, error) {
	p.mu.Lock()
	project := p.projects[id]
	if project == nil {
		p.mu.Unlock()
		return Exchange{}, fmt.Errorf("there is no project %s in the simulated Prodege", id)
	}
	change(project)
	event := p.eventOf(project, how)
	if adorn != nil {
		adorn(&event)
	}
	pricing, to := p.pricingOf(project, event), p.opts.PricingURL
	p.mu.Unlock()
	p.tell()
	exchange, err := p.deliver(ctx, p.webhookURL(), how, event)
	if how.Pricing && to != "" && err == nil {
		_, err = p.deliver(ctx, to, how, pricing)
	}
	return exchange, err
}

// eventOf is the status update that tells how a project stands.
func (p *Prodege) eventOf(project *Project, how How) prodege.Event {
	at := orTime(how.Time, p.now()).Truncate(time.Second)
	event := prodege.Event{
		ID: how.ID, Time: at.In(prodege.Pacific()), ProjectID: project.ID, Status: project.Status,
		Reason: project.Reason, Description: project.Description, Unknown: how.Unknown,
	}
	if event.ID == "" {
		event.ID = p.newEventID(at)
	}
	if project.PausedForCPI {
		event.RequiredCPI = project.RequiredCPI
	}
	if at.After(project.told) {
		project.told = at
	}
	return event
}

// pricingOf is the Real Time Pricing update beside a status update. It has an id of its own.
func (p *Prodege) pricingOf(project *Project, event prodege.Event) prodege.Event {
	event.Source, event.ID = prodege.FromPricing, p.newEventID(event.Time)
	event.Reason, event.Description, event.Unknown = 0, "", nil
	event.Pricing = &prodege.Pricing{
		MaxCPI: project.MaxCPI, CurrentCPI: project.CPI, AvgCPI: project.AvgCPI,
		BidIR: fmt.Sprint(project.ExpectedIR), ActualIR: fmt.Sprint(project.ActualIR),
		BidLOI: fmt.Sprint(project.LOI), ActualMedianLOI: fmt.Sprint(project.ActualLOI),
	}
	return event
}

// later announces an event after a while, unless the stand-in is closed before.
func (p *Prodege) later(event prodege.Event) {
	p.sending.Add(1)
	go func() {
		defer p.sending.Done()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go func() {
			select {
			case <-p.closing:
				cancel()
			case <-ctx.Done():
			}
		}()
		if pause(ctx, p.opts.AnnounceAfter) == nil {
			_, _ = p.deliver(ctx, p.webhookURL(), How{}, event) // what came of it stands in the exchanges
		}
	}()
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Prodege) webhookURL() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.opts.WebhookURL
}

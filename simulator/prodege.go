package simulator

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"fieldmarshal/prodege"
)

// ProdegeOptions configure a stand-in for Prodege's Demand API and its webhooks.
type ProdegeOptions struct {
	APIKey    prodege.Secret // required
	SecretKey prodege.Secret // required: signs webhooks, checks calls

	WebhookURL string // where project status updates go; empty sends none
	PricingURL string // where Real Time Pricing goes; empty sends none

	// AnnounceUpdates sends a webhook after a status change made through the API, as Prodege does for every
	// status change. AnnounceAfter is how long that takes.
	AnnounceUpdates bool
	AnnounceAfter   time.Duration

	WebhookRetryAfter []time.Duration // the pauses before a webhook that was answered with 500 is sent again; default Prodege's

	ClockSkew time.Duration // how far Prodege's clock is ahead of Now

	Now func() time.Time // default time.Now
}

// defaultRetries are three: the status webhook's own text says "up to 3 times"; the pauses are those that Prodege
// documents for its sister webhook.
var defaultRetries = []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second}

// Prodege is the stand-in. Its methods are safe for concurrent use.
type Prodege struct {
	counterparty
	opts   ProdegeOptions
	client *http.Client

	projects  []Project // in the order in which they were added
	calls     []ProdegeCall
	exchanges []*Exchange
	serial    int

	closing context.Context
	close   context.CancelFunc
	sending sync.WaitGroup
}

// NewProdege makes a stand-in without projects. It panics if a required option is missing, as only tests
// and cmd/dev call it. Close it.
func NewProdege(opts ProdegeOptions) *Prodege {
	if opts.APIKey == "" || opts.SecretKey == "" {
		panic("simulator: NewProdege needs APIKey and SecretKey")
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.WebhookRetryAfter == nil {
		opts.WebhookRetryAfter = defaultRetries
	}
	const patience = 10 * time.Second // how long Prodege waits is not published
	p := &Prodege{counterparty: counterparty{name: "prodege"}, opts: opts, client: httpClient(patience)}
	p.closing, p.close = context.WithCancel(context.Background())
	return p
}

// Close stops what is still to be sent and waits for it.
func (p *Prodege) Close() {
	p.close()
	p.sending.Wait()
}

// Set changes options of a stand-in that is in use.
func (p *Prodege) Set(change func(*ProdegeOptions)) {
	defer p.lock()()
	change(&p.opts)
}

// now is the time on Prodege's clock.
func (p *Prodege) now() time.Time { return p.opts.Now().Add(p.opts.ClockSkew) }

// Project is one survey project at Prodege. A nil amount is not shown by the API.
type Project struct {
	ID          prodege.ProjectID
	PartnerID   string // the buyer's own id
	Name        string
	ReferenceID string // PO number
	Status      prodege.Status
	Reason      prodege.Reason // of the newest status change
	Description string

	CPI, AvgCPI, MaxCPI *prodege.USD
	RequiredCPI         *prodege.USD // to resume; shown only while PausedForCPI
	PausedForCPI        bool
	PausedClicks        bool

	SampleSize int64   // completes wanted in all; 0 is not shown
	Quotas     []Quota // of project-quotas-by-id
	ExpectedIR int     // per cent
	LOI        int     // minutes

	ActualIR, ActualLOI int // for Real Time Pricing

	Settings map[string]string // click limits, as project-settings-get shows them

	Heard bool // the app has taken a delivery about it
}

// Quota is one quota of a project.
type Quota struct {
	ID          int64
	Active      bool
	Respondents int64 // targeted
	Completes   int64
	Clicks      int64
}

// SetProject adds a project or replaces it. It sends nothing.
func (p *Prodege) SetProject(project Project) {
	if project.ID <= 0 {
		panic("simulator: a project needs an id")
	}
	defer p.changing()()
	project.Status = cmp.Or(project.Status, prodege.Live)
	if known := p.project(project.ID); known != nil {
		*known = project
	} else {
		p.projects = append(p.projects, project)
	}
}

func (p *Prodege) project(id prodege.ProjectID) *Project {
	return find(p.projects, func(project Project) bool { return project.ID == id })
}

// Project gives a copy of a project, false if there is none.
func (p *Prodege) Project(id prodege.ProjectID) (Project, bool) {
	defer p.lock()()
	if project := p.project(id); project != nil {
		return *project, true
	}
	return Project{}, false
}

// Projects lists copies of all, in the order in which they were added.
func (p *Prodege) Projects() []Project {
	defer p.lock()()
	return slices.Clone(p.projects)
}

// How says in which way an event is sent. The zero value sends it once, as the options say.
type How struct {
	Encoding prodege.Encoding // default prodege.JSON
	Quiet    bool             // the project changes, nothing is sent: a webhook that went missing
	Copies   int              // so many identical deliveries, one after the other; 0 is one
	Age      time.Duration    // so long ago by Prodege's clock
	Secret   prodege.Secret   // default the right one
	Pricing  bool             // Real Time Pricing tells of it too, if it has an address
}

func one(how []How) How {
	if len(how) == 0 {
		return How{}
	}
	return how[0]
}

// Pause pauses a project for a reason other than CPI.
func (p *Prodege) Pause(ctx context.Context, id prodege.ProjectID, reason prodege.Reason, how ...How) (Exchange, error) {
	return p.Tell(ctx, prodege.Event{ProjectID: id, Status: prodege.Paused, Reason: reason}, how...)
}

// PauseForCPI pauses a project until the required CPI is accepted. If it is paused for CPI, this is another price.
func (p *Prodege) PauseForCPI(ctx context.Context, id prodege.ProjectID, required prodege.USD, how ...How) (Exchange, error) {
	event := prodege.Event{ProjectID: id, Status: prodege.Paused, Reason: prodege.RealTimePricing, RequiredCPI: &required}
	return p.Tell(ctx, event, how...)
}

// Live makes a project LIVE, as if somebody had resumed it on Prodege's own pages.
func (p *Prodege) Live(ctx context.Context, id prodege.ProjectID, how ...How) (Exchange, error) {
	return p.Tell(ctx, prodege.Event{ProjectID: id, Status: prodege.Live}, how...)
}

// PendingComplete tells of a reconciliation attempt; note may be empty.
func (p *Prodege) PendingComplete(ctx context.Context, id prodege.ProjectID, note string, how ...How) (Exchange, error) {
	event := prodege.Event{ProjectID: id, Status: prodege.PendingComplete, Reason: prodege.ReconciliationTried, ReconciliationNote: note}
	return p.Tell(ctx, event, how...)
}

// Complete completes a project: reason is 903 after reconciliation (note may be given), 209 after inactivity.
func (p *Prodege) Complete(ctx context.Context, id prodege.ProjectID, reason prodege.Reason, note string, how ...How) (Exchange, error) {
	event := prodege.Event{ProjectID: id, Status: prodege.Complete, Reason: reason, ReconciliationNote: note}
	return p.Tell(ctx, event, how...)
}

// Invoice tells that the project was invoiced.
func (p *Prodege) Invoice(ctx context.Context, id prodege.ProjectID, how ...How) (Exchange, error) {
	return p.Tell(ctx, prodege.Event{ProjectID: id, Status: prodege.Invoiced, Reason: prodege.Other}, how...)
}

// Tell changes a project to what event says and sends it, whatever the rules say. ID and Time are new ones, and an empty
// Description is that of the reason.
func (p *Prodege) Tell(ctx context.Context, event prodege.Event, how ...How) (Exchange, error) {
	h := one(how)
	event.Time, event.Description = p.now().Add(-h.Age), cmp.Or(event.Description, descriptions[event.Reason])
	pricing, err := p.apply(&event)
	if err != nil {
		return Exchange{}, err
	}
	to, pricingURL := p.hooks()
	exchange, err := p.deliver(ctx, to, h, event)
	if h.Pricing && pricingURL != "" && err == nil {
		_, err = p.deliver(ctx, pricingURL, h, pricing)
	}
	return exchange, err
}

// apply fills in an event, has its project stand as it says, and gives the Real Time Pricing update beside it.
func (p *Prodege) apply(event *prodege.Event) (pricing prodege.Event, err error) {
	defer p.changing()()
	project := p.project(event.ProjectID)
	if project == nil {
		return pricing, fmt.Errorf("there is no project %s in the simulated Prodege", event.ProjectID)
	}
	p.stamp(event)
	project.stand(*event)
	pricing = prodege.Event{
		Source: prodege.FromPricing, Time: event.Time, ProjectID: event.ProjectID, Status: event.Status, RequiredCPI: event.RequiredCPI,
		Pricing: &prodege.Pricing{
			MaxCPI: project.MaxCPI, CurrentCPI: project.CPI, AvgCPI: project.AvgCPI,
			BidIR: fmt.Sprint(project.ExpectedIR), ActualIR: fmt.Sprint(project.ActualIR),
			BidLOI: fmt.Sprint(project.LOI), ActualMedianLOI: fmt.Sprint(project.ActualLOI),
		},
	}
	p.stamp(&pricing)
	return pricing, nil
}

// stamp gives an event the time as Prodege writes it, and an id in the form of the examples: 24 hex digits, the first
// eight of which are the second.
func (p *Prodege) stamp(event *prodege.Event) {
	event.Time = event.Time.Truncate(time.Second).In(prodege.Pacific())
	p.serial++
	event.ID = prodege.EventID(fmt.Sprintf("%08x%s%06x", event.Time.Unix(), "04443f2a3c", p.serial))
}

func (p *Prodege) hooks() (status, pricing string) {
	defer p.lock()()
	return p.opts.WebhookURL, p.opts.PricingURL
}

// stand brings a project to what an event says of it. What was required to resume it is what it costs then.
func (project *Project) stand(event prodege.Event) {
	if event.Status == prodege.Live && project.PausedForCPI {
		project.CPI = cmp.Or(project.RequiredCPI, project.CPI)
	}
	project.Status, project.Reason, project.Description = event.Status, event.Reason, event.Description
	project.PausedForCPI, project.RequiredCPI = event.AsksCPI(), event.RequiredCPI
	project.PausedClicks = event.Reason == prodege.MaxClicks
	switch { // the figures fit what it is paused for: no click is left, all completes are in
	case event.Reason == prodege.MaxClicks:
		settings := map[string]string{"enable_max_clicks_cap": "500", "enable_max_clicks_max_click_rate_id": "2"}
		maps.Copy(settings, project.Settings)
		settings["enable_max_clicks"], settings["enable_max_clicks_allowed_clicks"] = "true", "0"
		project.Settings = settings
	case event.Reason == prodege.SampleSize && len(project.Quotas) > 0:
		project.Quotas = slices.Clone(project.Quotas)
		project.Quotas[0].Completes += max(project.SampleSize-project.completes(), 0)
	}
}

func (project *Project) completes() (n int64) {
	for _, q := range project.Quotas {
		n += q.Completes
	}
	return n
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

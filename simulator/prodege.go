package simulator

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"fieldmarshal/prodege"
)

// ProdegeOptions configure a stand-in for Prodege's Demand API and its webhooks.
type ProdegeOptions struct {
	APIKey    prodege.Secret // required
	SecretKey prodege.Secret // required: signs webhooks, checks calls

	WebhookURL string // where project status updates go; SetWebhookURL changes it; empty sends none
	PricingURL string // where Real Time Pricing goes; empty sends none

	Encoding prodege.Encoding // of webhooks; default prodege.JSON. How.Encoding says otherwise for one

	// AnnounceUpdates sends a webhook after a status change made through the API, as Prodege does for every
	// status change. AnnounceAfter is how long that takes.
	AnnounceUpdates bool
	AnnounceAfter   time.Duration

	CallsPerSecond    float64 // beyond it calls are answered with code 103; 0: no limit
	WebhookRetryAfter []time.Duration

	ClockSkew time.Duration // how far Prodege's clock is ahead of Now

	Now func() time.Time // default time.Now
}

// defaultRetries are the pauses before a webhook that was answered with 500 is sent again. The status webhook's
// own text says "up to 3 times"; the pauses are those that Prodege documents for its sister webhook.
var defaultRetries = []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second}

// Prodege is the stand-in. Its methods are safe for concurrent use.
type Prodege struct {
	faults
	news
	opts   ProdegeOptions
	client *http.Client
	limit  *rate.Limiter

	mu        sync.Mutex
	projects  map[prodege.ProjectID]*Project
	order     []prodege.ProjectID
	calls     []ProdegeCall
	wrong     []string
	exchanges []*Exchange
	serial    int

	closing chan struct{}
	sending sync.WaitGroup
	once    sync.Once
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
	if opts.Encoding == "" {
		opts.Encoding = prodege.JSON
	}
	if opts.WebhookRetryAfter == nil {
		opts.WebhookRetryAfter = defaultRetries
	}
	p := &Prodege{
		opts: opts, projects: map[prodege.ProjectID]*Project{}, closing: make(chan struct{}),
		client: &http.Client{
			Timeout:       10 * time.Second, // how long Prodege waits is not published
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if opts.CallsPerSecond > 0 {
		p.limit = rate.NewLimiter(rate.Limit(opts.CallsPerSecond), 1)
	}
	return p
}

// Close stops what is still to be sent and waits for it.
func (p *Prodege) Close() {
	p.once.Do(func() { close(p.closing) })
	p.sending.Wait()
}

// SetWebhookURL sets where project status updates are sent.
func (p *Prodege) SetWebhookURL(url string) { p.mu.Lock(); p.opts.WebhookURL = url; p.mu.Unlock() }

// SetPricingURL sets where Real Time Pricing updates are sent.
func (p *Prodege) SetPricingURL(url string) { p.mu.Lock(); p.opts.PricingURL = url; p.mu.Unlock() }

// announceUpdates sets AnnounceUpdates.
func (p *Prodege) announceUpdates(now bool) { p.mu.Lock(); p.opts.AnnounceUpdates = now; p.mu.Unlock() }

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
	Unknown  map[string]any    // further fields of project_info

	Heard bool      // the app has taken a delivery about it
	told  time.Time // of the newest event about it
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
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.tell()
	if project.Status == "" {
		project.Status = prodege.Live
	}
	if p.projects[project.ID] == nil {
		p.order = append(p.order, project.ID)
	}
	p.projects[project.ID] = &project
}

// Project gives a copy of a project, false if there is none.
func (p *Prodege) Project(id prodege.ProjectID) (Project, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	project := p.projects[id]
	if project == nil {
		return Project{}, false
	}
	return *project, true
}

// Projects lists copies of all, in the order in which they were added.
func (p *Prodege) Projects() []Project {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Project, 0, len(p.order))
	for _, id := range p.order {
		out = append(out, *p.projects[id])
	}
	return out
}

// newEventID makes an id in the form of the examples: 24 hex digits, the first eight of which are the second.
func (p *Prodege) newEventID(at time.Time) prodege.EventID {
	p.serial++
	return prodege.EventID(fmt.Sprintf("%08x%s%06x", at.Unix(), "04443f2a3c", p.serial))
}

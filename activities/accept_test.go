package activities

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/simulator"
)

func approved(amount string) AcceptCPI {
	return AcceptCPI{Project: project, Approved: prodege.MustUSD(amount), Required: usd("4.25")}
}

func show(u *prodege.USD) string {
	if u == nil {
		return "nothing"
	}
	return u.String()
}

// status sets a project's status outside of a CPI pause.
func status(s prodege.Status, reason prodege.Reason) func(*simulator.Project) {
	return func(p *simulator.Project) {
		p.Status, p.Reason, p.PausedForCPI, p.RequiredCPI = s, reason, false, nil
	}
}

// What an acceptance finds, and what it does then.
func TestAcceptCPI(t *testing.T) {
	for name, c := range map[string]struct {
		project func(*simulator.Project)
		opts    func(*ProdegeOptions)
		in      AcceptCPI
		outcome AcceptOutcome
		sent    string // max_cpi as sent; "live": only the status; empty: no update at all
		status  prodege.Status
		needs   string // what Required says
	}{
		"stands still":         {outcome: AcceptSent, sent: "4.25", status: prodege.Paused, needs: "4.25"},
		"price has fallen":     {in: approved("5.00"), outcome: AcceptSent, sent: "5.00", status: prodege.Paused, needs: "4.25"},
		"price has risen":      {in: approved("4.24"), outcome: AcceptRisen, status: prodege.Paused, needs: "4.25"},
		"no price told":        {project: func(p *simulator.Project) { p.RequiredCPI = nil }, outcome: AcceptSent, sent: "4.25", status: prodege.Paused, needs: "nothing"},
		"max_cpi as high":      {project: func(p *simulator.Project) { p.MaxCPI = usd("4.25") }, outcome: AcceptSent, sent: "live", status: prodege.Paused, needs: "4.25"},
		"max_cpi higher":       {project: func(p *simulator.Project) { p.MaxCPI = usd("9.99") }, outcome: AcceptSent, sent: "live", status: prodege.Paused, needs: "4.25"},
		"max_cpi between":      {project: func(p *simulator.Project) { p.MaxCPI = usd("4.50") }, in: approved("5"), outcome: AcceptSent, sent: "5.00", status: prodege.Paused, needs: "4.25"},
		"max_cpi not told":     {project: func(p *simulator.Project) { p.MaxCPI = nil }, outcome: AcceptSent, sent: "4.25", status: prodege.Paused, needs: "4.25"},
		"live":                 {project: status(prodege.Live, 0), outcome: AcceptAlreadyLive, status: prodege.Live, needs: "nothing"},
		"complete":             {project: status(prodege.Complete, prodege.Other), outcome: AcceptEnded, status: prodege.Complete, needs: "nothing"},
		"pending complete":     {project: status(prodege.PendingComplete, prodege.ReconciliationTried), outcome: AcceptEnded, status: prodege.PendingComplete, needs: "nothing"},
		"invoiced":             {project: status(prodege.Invoiced, 0), outcome: AcceptEnded, status: prodege.Invoiced, needs: "nothing"},
		"deleted":              {project: status(prodege.Deleted, 0), outcome: AcceptEnded, status: prodege.Deleted, needs: "nothing"},
		"pending":              {project: status(prodege.Pending, 0), outcome: AcceptOther, status: prodege.Pending, needs: "nothing"},
		"another reason":       {project: status(prodege.Paused, prodege.SupportAgent), outcome: AcceptOther, status: prodege.Paused, needs: "nothing"},
		"a status that is new": {project: status("FROZEN", 0), outcome: AcceptOther, status: "FROZEN", needs: "nothing"},
		"at the ceiling":       {opts: func(o *ProdegeOptions) { o.Ceiling = usd("4.250") }, outcome: AcceptSent, sent: "4.25", status: prodege.Paused, needs: "4.25"},
		"above the ceiling":    {opts: func(o *ProdegeOptions) { o.Ceiling = usd("4.24") }, outcome: AcceptOverLimit, needs: "nothing"},
		"dry run":              {opts: func(o *ProdegeOptions) { o.DryRun = true }, outcome: AcceptDryRun, needs: "nothing"},
		"no key":               {opts: func(o *ProdegeOptions) { o.API = nil }, outcome: AcceptNoKey, needs: "nothing"},
		"switched off":         {opts: func(o *ProdegeOptions) { o.Switch = off }, outcome: AcceptHeld, needs: "nothing"},
		"switch can't be read": {opts: func(o *ProdegeOptions) { o.Switch = broken }, outcome: AcceptHeld, needs: "nothing"},
		"switched off while we read": {opts: func(o *ProdegeOptions) {
			n := 0
			o.Switch = lever(func(context.Context) (bool, error) { n++; return n == 1, nil })
		}, outcome: AcceptHeld, needs: "nothing"},
		"live without us, an earlier one may have sent less": {in: AcceptCPI{Project: project, Approved: *usd("4.25"), MaybeSent: true},
			project: status(prodege.Live, 0), outcome: AcceptAlreadyLive, status: prodege.Live, needs: "nothing"},
		"live through an earlier one": {in: AcceptCPI{Project: project, Approved: *usd("3.75"), MaybeSent: true},
			project: status(prodege.Live, 0), outcome: AcceptSent, sent: "3.75 before", status: prodege.Live, needs: "nothing"},
		"live through an earlier one, switched off since": {in: AcceptCPI{Project: project, Approved: *usd("3.75"), MaybeSent: true},
			opts: func(o *ProdegeOptions) { o.Switch = off }, project: status(prodege.Live, 0), outcome: AcceptSent, sent: "3.75 before", status: prodege.Live, needs: "nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			sim, opts := supplier(t, c.project)
			if c.opts != nil {
				c.opts(&opts)
			}
			if c.in.Project == 0 {
				c.in = approved("4.25")
			}
			max, _ := sim.Project(project)
			got, err := once[Acceptance](t, NewProdege(opts).AcceptCPI, c.in, try{})
			if err != nil {
				t.Fatal(err)
			}
			want(t, "outcome", got.Outcome, c.outcome)
			want(t, "status", got.Status, c.status)
			want(t, "required", show(got.Required), c.needs)
			want(t, "unread", got.Unread, false)
			updates := sim.Updates(project)
			now, _ := sim.Project(project)
			if max.MaxCPI != nil && now.MaxCPI.Cmp(*max.MaxCPI) < 0 {
				t.Errorf("max_cpi was lowered to %s", now.MaxCPI)
			}
			switch before, earlier := strings.CutSuffix(c.sent, " before"); {
			case c.sent == "" || earlier:
				want(t, "updates", len(updates), 0)
				want(t, "sent", show(got.Sent), map[bool]string{true: before, false: "nothing"}[earlier])
				return
			case c.sent == "live":
				want(t, "sent", show(got.Sent), "nothing")
				_, given := updates[0].Params["max_cpi"]
				want(t, "max_cpi given", given, false)
			default:
				want(t, "sent", show(got.Sent), c.sent)
				want(t, "max_cpi", updates[0].Params["max_cpi"], c.sent)
			}
			want(t, "updates", len(updates), 1)
			want(t, "status set", updates[0].Params["status"], "LIVE")
			want(t, "project", now.Status, prodege.Live)
		})
	}
}

// A project that Prodege refuses to tell (101) is accepted unread, but never by the rule; any other fault of the
// read sends nothing.
func TestAcceptCPIUnread(t *testing.T) {
	for name, c := range map[string]struct {
		fault    simulator.Fault
		mustRead bool
		sent     bool
		final    bool
	}{
		"refused":                {simulator.Fault{Kind: simulator.AnswerCode, Code: "101"}, false, true, false},
		"refused, by the rule":   {simulator.Fault{Kind: simulator.AnswerCode, Code: "101"}, true, false, true},
		"maintenance":            {simulator.Fault{Kind: simulator.AnswerCode, Code: "100"}, false, false, false},
		"unknown project":        {simulator.Fault{Kind: simulator.AnswerCode, Code: "2002"}, false, false, true},
		"out of order":           {simulator.Fault{Kind: simulator.HTTPStatus, Status: 503}, false, false, false},
		"a proxy says forbidden": {simulator.Fault{Kind: simulator.HTTPStatus, Status: 403}, false, false, false},
		"cut":                    {simulator.Fault{Kind: simulator.CutBefore}, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			sim, opts := supplier(t, nil)
			c.fault.Method = "project-get-info"
			sim.Inject(c.fault)
			in := approved("4.25")
			in.MustRead = c.mustRead
			got, err := once[Acceptance](t, NewProdege(opts).AcceptCPI, in, try{})
			want(t, "fired", sim.Fired(c.fault.Kind), 1)
			if !c.sent {
				want(t, "final", appError(t, err).NonRetryable(), c.final)
				want(t, "updates", len(sim.Updates(project)), 0)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want(t, "outcome", got.Outcome, AcceptSent)
			want(t, "unread", got.Unread, true)
			want(t, "sent", show(got.Sent), "4.25")
		})
	}
}

// Prodege did it, but the answer was lost: it counts as sent, and is done once.
func TestAcceptCPILostAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		project func(*simulator.Project)
		fault   simulator.Fault
		sent    string
		updates int
	}{
		"max_cpi raised":           {nil, simulator.Fault{Kind: simulator.LostAnswer}, "4.25", 1},
		"only set live":            {func(p *simulator.Project) { p.MaxCPI = usd("6") }, simulator.Fault{Kind: simulator.LostAnswer}, "nothing", 1},
		"cut before it arrived":    {nil, simulator.Fault{Kind: simulator.CutBefore}, "4.25", 2},
		"maintenance, three times": {nil, simulator.Fault{Kind: simulator.AnswerCode, Code: "100", Times: 3}, "4.25", 4},
		"slower, please":           {nil, simulator.Fault{Kind: simulator.RateLimited}, "4.25", 2},
	} {
		t.Run(name, func(t *testing.T) {
			sim, opts := supplier(t, c.project)
			c.fault.Method = "project-update"
			sim.Inject(c.fault)
			got, attempts, err := retried[Acceptance](t, NewProdege(opts).AcceptCPI, approved("4.25"))
			if err != nil {
				t.Fatal(err)
			}
			want(t, "fired", sim.Fired(c.fault.Kind), max(c.fault.Times, 1))
			want(t, "attempts", attempts, max(c.fault.Times, 1)+1)
			want(t, "outcome", got.Outcome, AcceptSent)
			want(t, "sent", show(got.Sent), c.sent)
			want(t, "updates", len(sim.Updates(project)), c.updates)
			want(t, "effective acceptances", len(sim.Acceptances(project)), 1)
		})
	}
}

// What a live project means at a later attempt.
func TestAcceptCPILiveAtALaterAttempt(t *testing.T) {
	for name, c := range map[string]struct {
		how     try
		max     string
		outcome AcceptOutcome
		sent    string
	}{
		"killed, max_cpi as approved":           {try{attempt: 2}, "4.25", AcceptSent, "4.25"},
		"killed, max_cpi below":                 {try{attempt: 2}, "3.75", AcceptAlreadyLive, "nothing"},
		"killed while sending":                  {try{attempt: 2, left: &trail{Attempt: 1, Maybe: true, Amount: usd("4.25")}}, "4.25", AcceptSent, "4.25"},
		"killed while setting live":             {try{attempt: 2, left: &trail{Attempt: 1, Maybe: true}}, "5.00", AcceptSent, "nothing"},
		"nothing was sent, someone was quicker": {try{attempt: 2, left: &trail{Attempt: 1, Ended: true}}, "4.25", AcceptAlreadyLive, "nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			sim, opts := supplier(t, func(p *simulator.Project) {
				status(prodege.Live, 0)(p)
				p.MaxCPI = usd(c.max)
			})
			got, err := once[Acceptance](t, NewProdege(opts).AcceptCPI, approved("4.25"), c.how)
			if err != nil {
				t.Fatal(err)
			}
			want(t, "outcome", got.Outcome, c.outcome)
			want(t, "sent", show(got.Sent), c.sent)
			want(t, "updates", len(sim.Updates(project)), 0)
		})
	}
}

// A final refusal of a repeat whose first try arrived late is no refusal.
func TestAcceptCPIRefusedBecauseItIsDone(t *testing.T) {
	sim, opts := supplier(t, nil)
	var flip lever = func(context.Context) (bool, error) {
		if calls := sim.Calls(project); len(calls) == 1 { // after the read: the first try arrives now
			sim.SetProject(simulator.Project{ID: project, Status: prodege.Live, MaxCPI: usd("4.25")})
		}
		return true, nil
	}
	opts.Switch = flip
	sim.Inject(simulator.Fault{Kind: simulator.AnswerCode, Method: "project-update", Code: "2015"})
	got, err := once[Acceptance](t, NewProdege(opts).AcceptCPI, approved("4.25"), try{attempt: 2})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "fired", sim.Fired(simulator.AnswerCode), 1)
	want(t, "outcome", got.Outcome, AcceptSent)
}

// Cancelled before the act, nothing is sent; cancelled during it, its answer still counts.
func TestAcceptCPICancelled(t *testing.T) {
	sim, opts := supplier(t, nil)
	var cancel context.CancelFunc
	how := try{cancel: func(ctx context.Context) context.Context {
		ctx, cancel = context.WithCancel(ctx)
		return ctx
	}}
	n := 0
	opts.Switch = lever(func(context.Context) (bool, error) {
		if n++; n == 2 { // right before the act
			cancel()
		}
		return true, nil
	})
	if _, err := once[Acceptance](t, NewProdege(opts).AcceptCPI, approved("4.25"), how); err == nil {
		t.Error("it went on")
	}
	want(t, "switch read", n, 2)
	want(t, "updates", len(sim.Updates(project)), 0)

	sim, opts = supplier(t, nil)
	sim.Inject(simulator.Fault{Kind: simulator.LateAnswer, Method: "project-update", Delay: 500 * time.Millisecond})
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		ctx, stop := context.WithTimeout(context.Background(), time.Minute)
		defer stop()
		_, _ = sim.WaitCall(ctx, project, func(c simulator.ProdegeCall) bool { return c.Path == "project-update" })
		cancel()
	}()
	got, err := once[Acceptance](t, NewProdege(opts).AcceptCPI, approved("4.25"), how)
	<-gone
	if err != nil {
		t.Fatal(err)
	}
	want(t, "outcome", got.Outcome, AcceptSent)
	want(t, "acceptances", len(sim.Acceptances(project)), 1)
}

func TestAcceptCPINoPrice(t *testing.T) {
	sim, opts := supplier(t, nil)
	_, err := once[Acceptance](t, NewProdege(opts).AcceptCPI, AcceptCPI{Project: project}, try{})
	want(t, "final", appError(t, err).NonRetryable(), true)
	want(t, "calls", len(sim.Calls(project)), 0)
}

// A refusal with a code is an answer: nothing of that try was done, so that a live project is another's doing.
func TestAcceptCPIRefusedAndLiveWithoutUs(t *testing.T) {
	sim, opts := supplier(t, nil)
	opts.Switch = lever(func(context.Context) (bool, error) {
		if len(sim.Updates(project)) == 1 {
			sim.SetProject(simulator.Project{ID: project, Status: prodege.Live, MaxCPI: usd("9.00")})
		}
		return true, nil
	})
	sim.Inject(simulator.Fault{Kind: simulator.AnswerCode, Method: "project-update", Code: "100"})
	got, attempts, err := retried[Acceptance](t, NewProdege(opts).AcceptCPI, approved("4.25"))
	if err != nil {
		t.Fatal(err)
	}
	want(t, "attempts", attempts, 2)
	want(t, "outcome", got.Outcome, AcceptAlreadyLive)
}

// Prodege's clock is two hours off: the first call is refused as expired, the offset is learnt from the answer's
// Date and kept, and the acceptance goes through at its first attempt.
func TestAcceptCPIWithAClockTwoHoursOff(t *testing.T) {
	for _, skew := range []time.Duration{2 * time.Hour, -2 * time.Hour} {
		const key, secret = "key-of-the-test", "secret-of-the-test"
		sim := simulator.NewProdege(simulator.ProdegeOptions{APIKey: key, SecretKey: secret, ClockSkew: skew})
		sim.SetProject(simulator.Project{ID: project, Status: prodege.Paused, Reason: prodege.RealTimePricing, PausedForCPI: true, MaxCPI: usd("3.75"), RequiredCPI: usd("4.25")})
		srv := httptest.NewServer(sim.Handler())
		api := prodege.NewClient(prodege.Options{APIKey: key, SecretKey: secret, BaseURL: srv.URL})
		p := NewProdege(ProdegeOptions{API: api, Switch: on, CallsPerSecond: 1000})
		got, attempts, err := retried[Acceptance](t, p.AcceptCPI, approved("4.25"))
		if err != nil {
			t.Fatal(err)
		}
		want(t, "outcome", got.Outcome, AcceptSent)
		want(t, "attempts", attempts, 1)
		expired := 0
		for _, c := range sim.Calls(project) {
			if c.Code == 102 {
				expired++
			}
		}
		want(t, "expired calls", expired, 1)
		want(t, "updates", len(sim.Updates(project)), 1)
		srv.Close()
		sim.Close()
	}
}

package activities

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

func approved(amount string) project.AcceptCPI {
	return project.AcceptCPI{Project: projectID, Approved: prodege.MustUSD(amount)}
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
		in      project.AcceptCPI
		outcome project.Outcome
		sent    string // max_cpi as sent; "live": only the status; empty: no update at all
		status  prodege.Status
		needs   string // what Required says
	}{
		"stands still":         {outcome: project.OutcomeSent, sent: "4.25", status: prodege.Paused, needs: "4.25"},
		"price has fallen":     {in: approved("5.00"), outcome: project.OutcomeSent, sent: "5.00", status: prodege.Paused, needs: "4.25"},
		"price has risen":      {in: approved("4.24"), outcome: project.OutcomeRisen, status: prodege.Paused, needs: "4.25"},
		"no price told":        {project: func(p *simulator.Project) { p.RequiredCPI = nil }, outcome: project.OutcomeSent, sent: "4.25", status: prodege.Paused, needs: "nothing"},
		"max_cpi as high":      {project: func(p *simulator.Project) { p.MaxCPI = usd("4.25") }, outcome: project.OutcomeSent, sent: "live", status: prodege.Paused, needs: "4.25"},
		"max_cpi higher":       {project: func(p *simulator.Project) { p.MaxCPI = usd("9.99") }, outcome: project.OutcomeSent, sent: "live", status: prodege.Paused, needs: "4.25"},
		"max_cpi between":      {project: func(p *simulator.Project) { p.MaxCPI = usd("4.50") }, in: approved("5"), outcome: project.OutcomeSent, sent: "5.00", status: prodege.Paused, needs: "4.25"},
		"max_cpi not told":     {project: func(p *simulator.Project) { p.MaxCPI = nil }, outcome: project.OutcomeSent, sent: "4.25", status: prodege.Paused, needs: "4.25"},
		"live":                 {project: status(prodege.Live, 0), outcome: project.OutcomeAlreadyLive, status: prodege.Live, needs: "nothing"},
		"complete":             {project: status(prodege.Complete, prodege.Other), outcome: project.OutcomeEnded, status: prodege.Complete, needs: "nothing"},
		"pending complete":     {project: status(prodege.PendingComplete, prodege.ReconciliationTried), outcome: project.OutcomeEnded, status: prodege.PendingComplete, needs: "nothing"},
		"invoiced":             {project: status(prodege.Invoiced, 0), outcome: project.OutcomeEnded, status: prodege.Invoiced, needs: "nothing"},
		"deleted":              {project: status(prodege.Deleted, 0), outcome: project.OutcomeEnded, status: prodege.Deleted, needs: "nothing"},
		"pending":              {project: status(prodege.Pending, 0), outcome: project.OutcomeOther, status: prodege.Pending, needs: "nothing"},
		"another reason":       {project: status(prodege.Paused, prodege.SupportAgent), outcome: project.OutcomeOther, status: prodege.Paused, needs: "nothing"},
		"a status that is new": {project: status("FROZEN", 0), outcome: project.OutcomeOther, status: "FROZEN", needs: "nothing"},
		"at the ceiling":       {opts: func(o *ProdegeOptions) { o.Ceiling = usd("4.250") }, outcome: project.OutcomeSent, sent: "4.25", status: prodege.Paused, needs: "4.25"},
		"above the ceiling":    {opts: func(o *ProdegeOptions) { o.Ceiling = usd("4.24") }, outcome: project.OutcomeOverLimit, needs: "nothing"},
		"dry run":              {opts: func(o *ProdegeOptions) { o.DryRun = true }, outcome: project.OutcomeDryRun, needs: "nothing"},
		"no key":               {opts: func(o *ProdegeOptions) { o.API = nil }, outcome: project.OutcomeNoKey, needs: "nothing"},
		"switched off":         {opts: func(o *ProdegeOptions) { o.Switch = off }, outcome: project.OutcomeHeld, needs: "nothing"},
		"switch can't be read": {opts: func(o *ProdegeOptions) { o.Switch = broken }, outcome: project.OutcomeHeld, needs: "nothing"},
		"switched off while we read": {opts: func(o *ProdegeOptions) {
			n := 0
			o.Switch = lever(func(context.Context) (bool, error) { n++; return n == 1, nil })
		}, outcome: project.OutcomeHeld, status: prodege.Paused, needs: "4.25"},
		"live without us, an earlier one may have sent less": {in: project.AcceptCPI{Project: projectID, Approved: *usd("4.25"), Maybe: true},
			project: status(prodege.Live, 0), outcome: project.OutcomeAlreadyLive, status: prodege.Live, needs: "nothing"},
		"live through an earlier one": {in: project.AcceptCPI{Project: projectID, Approved: *usd("3.75"), Maybe: true},
			project: status(prodege.Live, 0), outcome: project.OutcomeSent, sent: "3.75 before", status: prodege.Live, needs: "nothing"},
		"live through an earlier one, switched off since": {in: project.AcceptCPI{Project: projectID, Approved: *usd("3.75"), Maybe: true},
			opts: func(o *ProdegeOptions) { o.Switch = off }, project: status(prodege.Live, 0), outcome: project.OutcomeSent, sent: "3.75 before", status: prodege.Live, needs: "nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			sim, opts := supplier(t, c.project)
			if c.opts != nil {
				c.opts(&opts)
			}
			if c.in.Project == 0 {
				c.in = approved("4.25")
			}
			max, _ := sim.Project(projectID)
			got, err := once[project.Acceptance](t, NewProdege(opts).AcceptCPI, c.in)
			if err != nil {
				t.Fatal(err)
			}
			want(t, "outcome", got.Outcome, c.outcome)
			want(t, "status", got.Status, c.status)
			want(t, "required", show(got.Required), c.needs)
			want(t, "unread", got.Unread, false)
			if after, _ := sim.Project(projectID); c.status != "" {
				want(t, "in force", show(got.MaxCPI), show(after.MaxCPI))
			}
			updates := sim.Updates(projectID)
			now, _ := sim.Project(projectID)
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

// If Prodege refuses to show the project (101), a person's approval is sent without reading it, an automatic one is not; after
// any other error of the read nothing is sent.
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
			got, err := once[project.Acceptance](t, NewProdege(opts).AcceptCPI, in)
			want(t, "fired", sim.Fired(c.fault.Kind), 1)
			if !c.sent {
				want(t, "final", appError(t, err).NonRetryable(), c.final)
				want(t, "updates", len(sim.Updates(projectID)), 0)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want(t, "outcome", got.Outcome, project.OutcomeSent)
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
		maybe   bool
		updates int
	}{
		"max_cpi raised":           {nil, simulator.Fault{Kind: simulator.LostAnswer}, "4.25", true, 1},
		"only set live":            {func(p *simulator.Project) { p.MaxCPI = usd("6") }, simulator.Fault{Kind: simulator.LostAnswer}, "nothing", true, 1},
		"cut before it arrived":    {nil, simulator.Fault{Kind: simulator.CutBefore}, "4.25", true, 2},
		"maintenance, three times": {nil, simulator.Fault{Kind: simulator.AnswerCode, Code: "100", Times: 3}, "4.25", false, 4},
		"slower, please":           {nil, simulator.Fault{Kind: simulator.RateLimited}, "4.25", false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			sim, opts := supplier(t, c.project)
			c.fault.Method = "project-update"
			sim.Inject(c.fault)
			got, attempts, err := repeated[project.Acceptance](t, NewProdege(opts).AcceptCPI, approved("4.25"), func(in *project.AcceptCPI, f project.Failure) {
				want(t, "maybe", f.Maybe, c.maybe)
				if f.Maybe {
					want(t, "amount", show(f.Amount), c.sent)
				}
				carryAccept(in, f)
			})
			if err != nil {
				t.Fatal(err)
			}
			want(t, "fired", sim.Fired(c.fault.Kind), max(c.fault.Times, 1))
			want(t, "attempts", attempts, max(c.fault.Times, 1)+1)
			want(t, "outcome", got.Outcome, project.OutcomeSent)
			want(t, "sent", show(got.Sent), c.sent)
			want(t, "updates", len(sim.Updates(projectID)), c.updates)
			want(t, "effective acceptances", len(sim.Acceptances(projectID)), 1)
			now, _ := sim.Project(projectID)
			want(t, "max_cpi in force", show(got.MaxCPI), show(now.MaxCPI))
		})
	}
}

// That an earlier attempt may have succeeded remains so, whatever happens to this one.
func TestAcceptCPICarriesWhatMayHaveBeenHeard(t *testing.T) {
	for name, method := range map[string]string{"the read fails": "project-get-info", "the update is put off": "project-update"} {
		sim, opts := supplier(t, nil)
		sim.Inject(simulator.Fault{Kind: simulator.AnswerCode, Method: method, Code: "100"})
		in := approved("4.25")
		in.Maybe, in.Amount = true, usd("4.25")
		_, err := once[project.Acceptance](t, NewProdege(opts).AcceptCPI, in)
		f := failureOf(t, err)
		want(t, name+": kind", f.Kind, project.FailedTransient)
		want(t, name+": maybe", f.Maybe, true)
		want(t, name+": amount", show(f.Amount), "4.25")
	}
}

// What a live project means after an attempt that may have succeeded.
func TestAcceptCPILiveAtALaterAttempt(t *testing.T) {
	for name, c := range map[string]struct {
		maybe   bool
		amount  *prodege.USD
		max     string
		outcome project.Outcome
		sent    string
	}{
		"max_cpi as approved":                   {true, nil, "4.25", project.OutcomeSent, "4.25"},
		"max_cpi below":                         {true, nil, "3.75", project.OutcomeAlreadyLive, "nothing"},
		"max_cpi as sent":                       {true, usd("4.25"), "4.25", project.OutcomeSent, "4.25"},
		"only set live":                         {true, nil, "5.00", project.OutcomeSent, "nothing"},
		"nothing was sent, someone was quicker": {false, nil, "4.25", project.OutcomeAlreadyLive, "nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			sim, opts := supplier(t, func(p *simulator.Project) {
				status(prodege.Live, 0)(p)
				p.MaxCPI = usd(c.max)
			})
			in := approved("4.25")
			in.Maybe, in.Amount = c.maybe, c.amount
			got, err := once[project.Acceptance](t, NewProdege(opts).AcceptCPI, in)
			if err != nil {
				t.Fatal(err)
			}
			want(t, "outcome", got.Outcome, c.outcome)
			want(t, "sent", show(got.Sent), c.sent)
			want(t, "in force", show(got.MaxCPI), c.max)
			want(t, "updates", len(sim.Updates(projectID)), 0)
		})
	}
}

// If the first attempt arrived late, the final refusal of the second does not count.
func TestAcceptCPIRefusedBecauseItIsDone(t *testing.T) {
	sim, opts := supplier(t, nil)
	var flip lever = func(context.Context) (bool, error) {
		if calls := sim.Calls(projectID); len(calls) == 1 { // after the read: the first try arrives now
			sim.SetProject(simulator.Project{ID: projectID, Status: prodege.Live, MaxCPI: usd("4.25")})
		}
		return true, nil
	}
	opts.Switch = flip
	sim.Inject(simulator.Fault{Kind: simulator.AnswerCode, Method: "project-update", Code: "2015"})
	in := approved("4.25")
	in.Maybe = true
	got, err := once[project.Acceptance](t, NewProdege(opts).AcceptCPI, in)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "fired", sim.Fired(simulator.AnswerCode), 1)
	want(t, "outcome", got.Outcome, project.OutcomeSent)
}

// Stopped before the act, nothing is sent; stopped during it, its answer still counts.
func TestAcceptCPIStopped(t *testing.T) {
	sim, opts := supplier(t, nil)
	var cancel context.CancelFunc
	accept := func(ctx context.Context, in project.AcceptCPI) (project.Acceptance, error) {
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
		return NewProdege(opts).AcceptCPI(ctx, in)
	}
	n := 0
	opts.Switch = lever(func(context.Context) (bool, error) {
		if n++; n == 2 { // right before the act
			cancel()
		}
		return true, nil
	})
	_, err := once[project.Acceptance](t, accept, approved("4.25"))
	f := failureOf(t, err)
	want(t, "kind", f.Kind, project.FailedTransient)
	want(t, "maybe", f.Maybe, false)
	want(t, "switch read", n, 2)
	want(t, "updates", len(sim.Updates(projectID)), 0)

	sim, opts = supplier(t, nil)
	sim.Inject(simulator.Fault{Kind: simulator.LateAnswer, Method: "project-update", Delay: 500 * time.Millisecond})
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		ctx, stop := context.WithTimeout(context.Background(), time.Minute)
		defer stop()
		_, _ = sim.WaitCall(ctx, projectID, func(c simulator.ProdegeCall) bool { return c.Path == "project-update" })
		cancel()
	}()
	got, err := once[project.Acceptance](t, accept, approved("4.25"))
	<-gone
	if err != nil {
		t.Fatal(err)
	}
	want(t, "outcome", got.Outcome, project.OutcomeSent)
	want(t, "acceptances", len(sim.Acceptances(projectID)), 1)
}

// What we refuse ourselves is never attributed to Prodege.
func TestAcceptCPINoPrice(t *testing.T) {
	sim, opts := supplier(t, nil)
	_, err := once[project.Acceptance](t, NewProdege(opts).AcceptCPI, project.AcceptCPI{Project: projectID})
	f := failureOf(t, err)
	want(t, "type", appError(t, err).Type(), TypeNotSent)
	want(t, "kind", f.Kind, project.FailedRefused)
	want(t, "party", f.Refusal.Party, project.PartyUs)
	want(t, "calls", len(sim.Calls(projectID)), 0)
}

// A refusal with a code shows that nothing was done, so somebody else set a live project live.
func TestAcceptCPIRefusedAndLiveWithoutUs(t *testing.T) {
	sim, opts := supplier(t, nil)
	opts.Switch = lever(func(context.Context) (bool, error) {
		if len(sim.Updates(projectID)) == 1 {
			sim.SetProject(simulator.Project{ID: projectID, Status: prodege.Live, MaxCPI: usd("9.00")})
		}
		return true, nil
	})
	sim.Inject(simulator.Fault{Kind: simulator.AnswerCode, Method: "project-update", Code: "100"})
	got, attempts, err := repeated[project.Acceptance](t, NewProdege(opts).AcceptCPI, approved("4.25"), carryAccept)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "attempts", attempts, 2)
	want(t, "outcome", got.Outcome, project.OutcomeAlreadyLive)
}

// Prodege's clock is two hours off: the first call is refused as expired, the client learns the offset from the answer's Date,
// and the acceptance succeeds at its first attempt.
func TestAcceptCPIWithAClockTwoHoursOff(t *testing.T) {
	for _, skew := range []time.Duration{2 * time.Hour, -2 * time.Hour} {
		const key, secret = "key-of-the-test", "secret-of-the-test"
		sim := simulator.NewProdege(simulator.ProdegeOptions{APIKey: key, SecretKey: secret, ClockSkew: skew})
		sim.SetProject(simulator.Project{ID: projectID, Status: prodege.Paused, Reason: prodege.RealTimePricing, PausedForCPI: true, MaxCPI: usd("3.75"), RequiredCPI: usd("4.25")})
		srv := httptest.NewServer(sim.Handler())
		api := prodege.NewClient(prodege.Options{APIKey: key, SecretKey: secret, BaseURL: srv.URL})
		p := NewProdege(ProdegeOptions{API: api, Switch: on, CallsPerSecond: 1000})
		got, attempts, err := repeated[project.Acceptance](t, p.AcceptCPI, approved("4.25"), carryAccept)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "outcome", got.Outcome, project.OutcomeSent)
		want(t, "attempts", attempts, 1)
		expired := 0
		for _, c := range sim.Calls(projectID) {
			if c.Code == 102 {
				expired++
			}
		}
		want(t, "expired calls", expired, 1)
		want(t, "updates", len(sim.Updates(projectID)), 1)
		srv.Close()
		sim.Close()
	}
}

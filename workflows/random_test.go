package workflows

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

var (
	oneSeed   = flag.Uint64("seed", 0, "play the random history of this seed alone")
	histories = flag.Int("histories", 120, "how many random histories TestRandomHistories plays")
)

// TestRandomHistories plays random lives of a project: Prodege changes it, its events come late, twice, in
// another order or (where the API can be asked) not at all, people click what stands and what stood, calls
// fail before and after their effect. The end is compared with a small sequential model; a seed that fails is
// printed and played again by -seed.
func TestRandomHistories(t *testing.T) {
	seeds := make([]uint64, 0, *histories)
	for n := range uint64(*histories) {
		seeds = append(seeds, n+1)
	}
	if *oneSeed != 0 {
		seeds = []uint64{*oneSeed}
	}
	var sum played
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			s := newStory(t, seed)
			s.play()
			sum.add(s)
			if t.Failed() {
				t.Logf("with an API key: %t\n%s", s.settings.HasAPIKey, strings.Join(s.told, "\n"))
				t.Logf("again: go test ./workflows -run TestRandomHistories -seed %d -v", seed)
			}
		})
	}
	t.Logf("%d histories: %+v", len(seeds), sum)
	if *oneSeed == 0 && len(seeds) >= 100 && (sum.Duplicate == 0 || sum.Late == 0 || sum.Lost == 0 || sum.Accepted == 0 || sum.Faults == 0 || sum.Invoices == 0) {
		t.Errorf("the histories do not try everything: %+v", sum)
	}
}

// played sums up what the histories tried.
type played struct {
	Events, Applied, Duplicate, Late, Lost int
	Clicks, Accepted, Faults, Invoices     int
}

func (p *played) add(s *story) {
	p.Events += len(s.arrived)
	p.Applied += s.model.applied
	p.Duplicate += s.model.duplicate
	p.Late += s.model.late
	p.Lost += s.lost
	p.Clicks += s.clicks
	p.Accepted += len(s.accepted)
	p.Faults += s.faults
	p.Invoices += len(s.invoices)
}

// story is one random life. What happens at Prodege and what arrives here are kept apart.
type story struct {
	*world
	seed    uint64
	truth   truth // how the project stands at Prodege; guarded by world.mu
	model   model // what a Project must make of the events that arrived
	emitted int
	arrived []prodege.Event

	accepted []prodege.USD // effective acceptances, in order
	ours     bool          // the project is live because we accepted
	ended    ProjectState
	final    []*said // what stood in Slack then
	lost     int
	clicks   int
	faults   int
	told     []string // what happened, for who looks for a fault; guarded by world.mu
}

func newStory(t *testing.T, seed uint64) *story {
	s := &story{world: newWorld(t), seed: seed, model: model{ids: map[prodege.EventID]bool{}}}
	r := s.dice("settings", 0)
	s.settings.HasAPIKey = r.IntN(10) < 7
	s.settings.DryRun = false
	if r.IntN(4) == 0 {
		s.settings.SecondApproverAbove = ptr(prodege.MustUSD("6"))
	}
	s.outsiders["U0EVE"] = true
	s.world.accept = s.acceptance
	s.world.bill = s.billing
	s.readFault = s.slowReading
	s.info = s.truth.info()
	return s
}

// note is called with world.mu held.
func (s *story) note(format string, args ...any) {
	s.told = append(s.told, s.env.Now().Format("02 15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// dice gives random numbers that depend on the seed and on what they are for alone, so that a history is the
// same whatever runs beside it.
func (s *story) dice(what string, n int) *rand.Rand {
	h := uint64(n)
	for _, c := range what {
		h = h*1099511628211 + uint64(c)
	}
	return rand.New(rand.NewPCG(s.seed, h))
}

// after is how long everything is left alone at the end: longer than two of the slow sweeps.
const quietFor = 5 * 24 * time.Hour

func (s *story) play() {
	r := s.dice("times", 0)
	at := 2 * time.Second
	steps := 6 + r.IntN(24)
	for n := range steps {
		s.at(at, func() { s.step(n) })
		switch r.IntN(6) {
		case 0: // the next comes in the same second
		case 4, 5: // people have time to answer
			at += time.Duration(10+r.IntN(50)) * time.Second
		case 1:
			at += time.Duration(1+r.IntN(5)) * time.Second
		case 2:
			at += time.Duration(1+r.IntN(20)) * time.Minute
		case 3:
			at += time.Duration(1+r.IntN(300)) * time.Minute
		}
	}
	s.at(at+quietFor, func() {
		s.ended = s.state()
		s.final = s.stands()
		s.env.CancelWorkflow() // which is said, too
	})
	s.start()
	s.mu.Lock()
	s.messages = s.final
	s.mu.Unlock()
	s.check()
}

// slowReading lets a reading take its time: what happens meanwhile waits behind what is being heeded.
func (s *story) slowReading(n int) error {
	r := s.dice("read", n)
	if r.IntN(3) > 0 {
		return nil
	}
	s.faults++
	return passing(activities.TypeProdegePassing, time.Duration(1+r.IntN(12))*time.Second)
}

// stands copies all that stands in Slack.
func (s *story) stands() (all []*said) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.messages {
		now := *m
		all = append(all, &now)
	}
	return all
}

func (s *story) step(n int) {
	r := s.dice("step", n)
	if n > 0 && r.IntN(5) < 3 && s.clickSomething(n, r) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, more := s.truth.next(r); more {
		s.ours = false
		s.emit(e)
	}
}

// emit lets the project change at Prodege, and its webhook come when and as often as it will.
func (s *story) emit(e prodege.Event) {
	s.emitted++
	r := s.dice("emit", s.emitted)
	e.ProjectID, e.Time = theProject, s.env.Now().Truncate(time.Second)
	e.ID = prodege.EventID(fmt.Sprintf("%04x-%d", r.IntN(1<<16), s.emitted))
	before := s.truth.status
	s.truth.take(e)
	s.info = s.truth.info()
	s.note("Prodege: %s %s %d cpi %v at %s", e.ID, e.Status, e.Reason, e.RequiredCPI, e.Time.Format("15:04:05"))
	if s.settings.HasAPIKey && sweeps(before) && sweeps(s.truth.status) && r.IntN(8) == 0 {
		s.lost++
		s.note("    its webhook is lost")
		return
	}
	copies := 1
	if r.IntN(4) == 0 {
		copies++
	}
	for c := range copies {
		e.Delivery = fmt.Sprintf("d-%d-%d", s.emitted, c)
		s.arrive(e, s.delay(r))
		if r.IntN(10) == 0 { // the ingress hands the same delivery over twice
			s.arrive(e, s.delay(r))
		}
	}
}

func (s *story) delay(r *rand.Rand) time.Duration {
	switch r.IntN(6) {
	case 0, 1, 2:
		return time.Duration(1+r.IntN(900)) * time.Millisecond
	case 3, 4:
		return time.Duration(1+r.IntN(120)) * time.Second
	default:
		return time.Duration(1+r.IntN(120)) * time.Minute
	}
}

func (s *story) arrive(e prodege.Event, after time.Duration) {
	s.at(after, func() {
		s.mu.Lock()
		s.note("arrives: %s %s", e.ID, e.Status)
		s.mu.Unlock()
		s.arrived = append(s.arrived, e)
		s.model.take(e)
		s.env.SignalWorkflow(string(StatusUpdate), e)
	})
}

// clickSomething clicks on the request that stands, or on what its button was before.
func (s *story) clickSomething(n int, r *rand.Rand) bool {
	request := s.request()
	if request == nil {
		return false
	}
	d := Decision{Click: fmt.Sprintf("click-%d", n), Generation: request.Generation, Amount: request.Required, Channel: "C0APPROVE", From: activities.FromSlack, At: s.env.Now()}
	d.User = []string{"U0ANN", "U0ANN", "U0BEN", "U0BEN", "U0EVE"}[r.IntN(5)]
	d.Verdict = []activities.Verdict{activities.VerdictApprove, activities.VerdictApprove, activities.VerdictApprove, activities.VerdictReject,
		activities.VerdictAskAgain, activities.VerdictTryAgain, activities.VerdictClose}[r.IntN(7)]
	switch r.IntN(16) {
	case 0:
		d.Generation--
	case 1:
		d.Amount = ptr(prodege.MustUSD("0.01"))
	case 2:
		if request.Required != nil {
			d.UpTo = ptr(prodege.MustUSD("9.50"))
		}
	}
	copies := 1 + r.IntN(2)
	s.mu.Lock()
	s.note("click of %s: %s, generation %d, %v, up to %v (the request is %s)", d.User, d.Verdict, d.Generation, d.Amount, d.UpTo, request.Phase)
	s.mu.Unlock()
	for range copies {
		s.clicks++
		_ = s.env.SignalWorkflowByID(request.Workflow, string(Decide), d) // a closed request takes none
	}
	return true
}

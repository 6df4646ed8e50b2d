package e2e

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

var oneSeed = flag.Uint64("seed", 0, "play only the random history of this seed")

// TestRandomFaults plays random histories against the real processes: late, repeated and out-of-order events, clicks on
// visible buttons, calls that fail before and after their effect, and a worker or an ingress that is killed.
// TestRandomWalks of package project plays many more without processes.
func TestRandomFaults(t *testing.T) {
	seeds := []uint64{1, 2}
	if *long {
		for n := range uint64(18) {
			seeds = append(seeds, 3+n)
		}
	}
	if *oneSeed != 0 {
		seeds = []uint64{*oneSeed}
	}
	slots := make(chan bool, 2) // each world has two processes
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			slots <- true
			defer func() { <-slots }()
			h := &randomHistory{world: newWorld(t), rng: rand.New(rand.NewPCG(seed, 7)), undelivered: map[prodege.ProjectID][]simulator.Exchange{}}
			h.play()
			if t.Failed() {
				t.Logf("to repeat: go test ./e2e -run TestRandomFaults -seed %d -v", seed)
			}
		})
	}
}

// randomHistory is a world in which random things happen.
type randomHistory struct {
	*world
	rng         *rand.Rand
	ids         []prodege.ProjectID
	undelivered map[prodege.ProjectID][]simulator.Exchange // events sent by Prodege that are not delivered yet
	clicks      int
}

func (h *randomHistory) play() {
	for n := range 5 {
		id := prodege.ProjectID(83000000 + n)
		h.ids = append(h.ids, id)
		h.prodege.SetProject(newProject(id))
	}
	h.injectFaults()
	kill := 15 + h.rng.IntN(15)
	for n := range 60 {
		id := h.ids[h.rng.IntN(len(h.ids))]
		switch {
		case n == kill:
			h.killOne()
		case h.rng.IntN(3) == 0:
			h.clickOne()
		default:
			h.changeProject(id)
		}
		time.Sleep(time.Duration(h.rng.IntN(150)) * time.Millisecond) // so that steps overlap
	}
	for _, id := range h.ids {
		h.deliverPending(id, 0)
		h.checkSettled(id)
	}
	h.checkAll()
}

func (h *randomHistory) injectFaults() {
	kinds := []simulator.FaultKind{simulator.LostAnswer, simulator.CutBefore, simulator.HTTPStatus, simulator.RateLimited}
	for range 6 {
		h.slack.Inject(simulator.Fault{Kind: kinds[h.rng.IntN(4)], Method: []string{"chat.postMessage", "chat.update"}[h.rng.IntN(2)], After: h.rng.IntN(5)})
		h.prodege.Inject(simulator.Fault{Kind: kinds[h.rng.IntN(4)], Method: []string{"project-update", "project-get-info"}[h.rng.IntN(2)], After: h.rng.IntN(3)})
	}
	h.billing.Inject(simulator.Fault{Kind: kinds[h.rng.IntN(4)]})
	h.billing.Inject(simulator.Fault{Kind: kinds[h.rng.IntN(4)], After: 1})
}

func (h *randomHistory) killOne() {
	h.t.Helper()
	victim := []*process{h.worker, h.ingress}[h.rng.IntN(2)]
	victim.kill()
	victim.launch()
	victim.waitReady()
}

// changeProject changes a project at Prodege. The event joins those not delivered yet, some of which are then
// delivered.
func (h *randomHistory) changeProject(id prodege.ProjectID) {
	h.t.Helper()
	project, _ := h.prodege.Project(id)
	quiet := simulator.How{Quiet: true}
	var e simulator.Exchange
	var err error
	amount := prodege.MustUSD([]string{"4.25", "4.50", "5.00"}[h.rng.IntN(3)])
	switch roll := h.rng.IntN(14); {
	case project.Status == prodege.Complete || project.Status == prodege.Invoiced:
		if project.Status == prodege.Invoiced || roll < 7 {
			return
		}
		e, err = h.prodege.Invoice(h.ctx, id, quiet)
	case roll < 7:
		e, err = h.prodege.PauseForCPI(h.ctx, id, amount, quiet)
	case roll < 8:
		e, err = h.prodege.Pause(h.ctx, id, prodege.SampleSize, quiet)
	case roll < 12:
		e, err = h.prodege.Live(h.ctx, id, quiet)
	case roll < 13:
		e, err = h.prodege.PendingComplete(h.ctx, id, "", quiet)
	default:
		e, err = h.prodege.Complete(h.ctx, id, prodege.ReconciliationComplete, "", quiet)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.undelivered[id] = append(h.undelivered[id], e)
	if h.rng.IntN(4) > 0 {
		h.deliverPending(id, h.rng.IntN(2))
	}
}

// deliverPending delivers undelivered events in random order, some of them twice, until the given number is left.
func (h *randomHistory) deliverPending(id prodege.ProjectID, left int) {
	h.t.Helper()
	for len(h.undelivered[id]) > left {
		i := h.rng.IntN(len(h.undelivered[id]))
		e := h.undelivered[id][i]
		h.undelivered[id] = slices.Delete(h.undelivered[id], i, i+1)
		for range 1 + h.rng.IntN(5)/4 {
			h.checkDelivered(h.prodege.Resend(h.ctx, e))
		}
	}
}

// clickOne clicks on a request that has buttons, if there is one within two seconds.
func (h *randomHistory) clickOne() {
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var open []simulator.Message
		for _, m := range h.slack.Messages(approvals) {
			if len(buttons(m)) > 0 {
				open = append(open, m)
			}
		}
		if len(open) == 0 {
			continue
		}
		m := open[h.rng.IntN(len(open))]
		user := []string{ann, ann, ben, eve}[h.rng.IntN(4)]
		_, _ = h.slack.Click(h.ctx, simulator.Click{User: user, Channel: approvals, TS: m.TS, ActionID: buttons(m)[0], Stale: true}) // it may fail with the ingress
		h.clicks++
		return
	}
}

// checkSettled waits until a project has received every event and has the same status as at Prodege.
func (h *randomHistory) checkSettled(id prodege.ProjectID) {
	h.t.Helper()
	acknowledged, attempts := h.deliveries(id)
	if len(acknowledged) == 0 {
		return
	}
	at, _ := h.prodege.Project(id)
	state := h.waitProject(id, func(s *project.State) bool {
		now, _ := h.prodege.Project(id)
		at = now
		return s.Counts.Applied+s.Counts.Late >= int64(len(acknowledged)) && s.Status == now.Status
	}, fmt.Sprintf("project %s to have the same status as at Prodege (%s)", id, at.Status))
	c := state.Counts
	if c.Received != c.Applied+c.Duplicate+c.Late || c.Unusable != 0 || c.Received > int64(attempts)+5 {
		h.t.Errorf("project %s: dispositions %+v of %d attempts", id, c, attempts)
	}
	h.checkDecisions(id)
}

// checkDecisions checks that each effective acceptance has a decision of its own, by an approver, for that amount.
func (h *randomHistory) checkDecisions(id prodege.ProjectID) {
	h.t.Helper()
	ledger, err := h.flows.Ledger(h.ctx, id)
	if err != nil {
		h.t.Fatal(err)
	}
	var decided []string
	for _, line := range ledger.Lines {
		if line.Kind == project.LineDecided && line.By != eve && line.Amount != nil && (line.Verdict == project.Approve || line.Verdict == project.TryAgain) {
			decided = append(decided, line.Amount.String())
		}
	}
	for _, call := range h.prodege.Acceptances(id) {
		amount := call.Params["max_cpi"]
		if amount == "" {
			continue // max_cpi was high enough already
		}
		i := slices.IndexFunc(decided, func(d string) bool { return prodege.MustUSD(d).Equal(prodege.MustUSD(amount)) })
		if i < 0 {
			h.t.Errorf("project %s: %s was accepted without a decision: %+v", id, amount, ledger.Lines)
			continue
		}
		decided = slices.Delete(decided, i, i+1)
	}
}

// checkAll checks what must hold across all projects, and that enough has happened.
func (h *randomHistory) checkAll() {
	h.t.Helper()

	for _, m := range h.slack.Messages(approvals) {
		i := slices.IndexFunc(h.ids, func(id prodege.ProjectID) bool { return contains(m, id.String()) })
		if i < 0 {
			continue
		}
		await(h.t, "the buttons of a closed request to be removed:\n"+simulator.PlainText(m), func() bool {
			now, _ := h.slack.Message(approvals, m.TS)
			at, _ := h.prodege.Project(h.ids[i])
			return len(buttons(now)) == 0 || at.Status == prodege.Paused
		})
	}
	for _, i := range h.billing.Invoices() {
		if !strings.HasSuffix(i.Key, "-invoice-r1") {
			h.t.Errorf("there is an invoice %s although no facts changed", i.Key)
		}
	}
	acknowledged, fired := 0, 0
	for _, e := range h.prodege.Exchanges() {
		if e.Status() == http.StatusOK {
			acknowledged++
		}
	}
	for _, kind := range []simulator.FaultKind{simulator.LostAnswer, simulator.CutBefore, simulator.HTTPStatus, simulator.RateLimited} {
		fired += h.slack.Fired(kind) + h.prodege.Fired(kind) + h.billing.Fired(kind)
	}
	h.t.Logf("%d deliveries acknowledged, %d clicks, %d faults fired, one process killed", acknowledged, h.clicks, fired)
	if acknowledged < 10 || fired < 3 || h.clicks == 0 {
		h.t.Error("too few deliveries, faults or clicks")
	}
}

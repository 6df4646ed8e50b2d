package workflows

import (
	"fmt"
	"testing"
	"time"

	"fieldmarshal/prodege"
)

// All orders of the same events end in the same state: status, what is waited for, open requests, invoices.
func TestAllOrdersEndInTheSameState(t *testing.T) {
	for name, events := range map[string][]func(*prodege.Event){
		"a life": {
			func(e *prodege.Event) { e.Status = prodege.Live },
			func(e *prodege.Event) { e.Status = prodege.Paused; cpi("4.25")(e) },
			func(e *prodege.Event) { e.Status, e.RejectionNote = prodege.Paused, "redo" },
			func(e *prodege.Event) { e.Status, e.Reason = prodege.Complete, 903 },
			func(e *prodege.Event) { e.Status = prodege.Invoiced },
		},
		"an open pause": {
			func(e *prodege.Event) { e.Status = prodege.Live },
			func(e *prodege.Event) { e.Status, e.Reason = prodege.Paused, 158 },
			func(e *prodege.Event) { e.Status = prodege.Live },
			func(e *prodege.Event) { e.Status = prodege.Paused; cpi("4.25")(e) },
			func(e *prodege.Event) { e.Status = prodege.Paused; cpi("5.00")(e) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			outcomes := map[string][]int{}
			for _, order := range permutations(len(events)) {
				end := endOf(t, events, order)
				outcomes[end] = append(outcomes[end], len(outcomes))
			}
			if len(outcomes) != 1 {
				for end, n := range outcomes {
					t.Errorf("%d orders end in %s", len(n), end)
				}
			}
		})
	}
}

func endOf(t *testing.T, events []func(*prodege.Event), order []int) (end string) {
	t.Helper()
	w := newWorld(t)
	w.settings.HasAPIKey = false // nobody but the events tells how it stands
	base := w.env.Now()
	for i, n := range order {
		w.at(time.Duration(i+1)*10*time.Second, func() {
			e := w.event(fmt.Sprintf("e%d", n), "")
			e.Time = base.Add(time.Duration(n) * time.Second).Truncate(time.Second)
			events[n](&e)
			w.env.SignalWorkflow(string(StatusUpdate), e)
		})
	}
	w.at(30*time.Minute, func() {
		s := w.state()
		open := ""
		if r := w.request(); r != nil && s.openPhase() {
			open = r.Required.String()
		}
		keys := ""
		for _, i := range w.invoices {
			keys += i.Key + " "
		}
		end = fmt.Sprintf("%s, waits for %s, asks for %q, invoices %s", s.Status, s.Waiting, open, keys)
		w.env.CancelWorkflow()
	})
	w.start()
	return end
}

func (s ProjectState) openPhase() bool {
	if s.Pause == nil {
		return false
	}
	for _, r := range s.Requests {
		if r.Workflow == s.Pause.Request && !r.Status.Closed {
			return true
		}
	}
	return false
}

func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, p := range permutations(n - 1) {
		for at := 0; at <= len(p); at++ {
			next := append(append(append([]int(nil), p[:at]...), n-1), p[at:]...)
			all = append(all, next)
		}
	}
	return all
}

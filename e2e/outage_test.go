package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
	"fieldmarshal/workflows"
)

func TestTemporalIsReachableOnlyLater(t *testing.T) {
	t.Parallel()
	p := newProxy(t, server.HostPort)
	w := newWorld(t, func(plan *plan) { plan.temporal = p.addr })
	if status, body := w.ingress.get("/readyz"); status != http.StatusOK || !strings.Contains(body, "does not answer") {
		t.Errorf("/readyz answers %d %s", status, body)
	}
	w.delivered(w.prodege.Pause(w.ctx, theProject, prodege.SampleSize))
	w.delivered(w.prodege.Pause(w.ctx, theProject, prodege.HighDropOff))
	if n := w.ingress.metric("fieldmarshal_inbox_depth", ""); n != 2 {
		t.Errorf("%v events wait in the inbox, want 2", n)
	}
	w.ingress.stop() // deliveries that wait survive a restart
	w.ingress.launch()
	w.delivered(w.prodege.Live(w.ctx, theProject))
	p.up()
	w.project(theProject, func(s *project.State) bool { return s.Counts.Applied == 3 && s.Status == prodege.Live }, "three events")
	p.down()
	w.delivered(w.prodege.Pause(w.ctx, theProject, prodege.SampleSize))
	m := w.says(alerts, "Live again")
	p.up()
	w.project(theProject, func(s *project.State) bool { return s.Counts.Applied == 4 }, "the fourth event")
	w.message(alerts, "a message about the new pause", func(now simulator.Message) bool {
		return reads(now, "Paused") && (now.TS != m.TS || now.Edits > m.Edits)
	})
	await(t, "the inbox to be empty", func() bool { return w.ingress.metric("fieldmarshal_inbox_depth", "") == 0 })
}

func TestAClickWhileTemporalIsAwayDoesNotCount(t *testing.T) {
	t.Parallel()
	p := newProxy(t, server.HostPort)
	p.up()
	w := newWorld(t, func(plan *plan) { plan.temporal = p.addr })
	m := w.pausedForCPI(asked)
	p.down()
	if _, again := w.clickOnce(simulator.Click{User: ann, Channel: m.Channel, TS: m.TS, ActionID: approve}); !again {
		t.Error("the click counts")
	}
	w.ephemeral(ann, notTaken)
	if now, _ := w.slack.Message(approvals, m.TS); len(buttons(now)) != 4 {
		t.Errorf("the buttons are %v", buttons(now))
	}
	p.up()
	await(t, "Temporal to answer the ingress", func() bool {
		_, body := w.ingress.get("/readyz")
		return strings.Contains(body, `"answers"`)
	})
	w.click(ann, m, approve)
	w.becomes(m, "Live again at $4.25")
	w.acceptances(1)
}

func TestTheIngressIsKilledRightAfterAnswers(t *testing.T) {
	slow(t)
	t.Parallel()
	p := newProxy(t, server.HostPort) // so that everything is still in the inbox at the kill
	w := newWorld(t, func(plan *plan) { plan.temporal = p.addr })
	const projects, senders, enough = 5, 8, 150
	var answered sync.Map
	var count atomic.Int32
	var all sync.WaitGroup
	for s := range senders {
		all.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("kill-%d-%d", s, i)
				survey := prodege.ProjectID(500 + (s+i)%projects)
				e, err := w.prodege.Deliver(w.ctx, []byte(event(id, survey, `,"status":"LIVE"`)))
				if err != nil || e.Status() != http.StatusOK {
					return // it is dead
				}
				answered.Store(id, survey)
				count.Add(1)
			}
		})
	}
	await(t, "enough answers", func() bool { return count.Load() >= enough })
	w.ingress.kill()
	all.Wait()
	w.ingress.launch()
	p.up()
	for survey := prodege.ProjectID(500); survey < 500+projects; survey++ {
		var want []string
		answered.Range(func(id, of any) bool {
			if of == survey {
				want = append(want, id.(string))
			}
			return true
		})
		state := w.project(survey, func(s *project.State) bool { return s.Counts.Applied+s.Counts.Late >= int64(len(want)) }, "all that was answered")
		taken := readable(t, w.history(w.ctx, workflows.ProjectID(survey), ""))
		for _, id := range want {
			if !strings.Contains(taken, id) {
				t.Errorf("event %s was answered 200 and is lost", id)
			}
		}
		if c := state.Counts; c.Received != c.Applied+c.Duplicate+c.Late+c.Unusable || c.Duplicate != 0 {
			t.Errorf("counts %+v", c)
		}
	}
	t.Logf("%d were answered", count.Load())
}

func TestTheWorkerIsKilledWhileARequestIsOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.pausedForCPI(asked)
	w.request(func(s *project.Question) bool { return !s.Clock.From.IsZero() }, "the request to know that it was posted")
	w.worker.kill()
	w.click(ann, m, approve) // recorded in Temporal, though no worker runs
	w.ephemeral(ann, "Recorded")
	w.acceptances(0)
	w.worker.launch()
	w.accepted("4.25")
	w.becomes(m, "Live again at $4.25")
	w.acceptances(1)
	if d := w.decided(); d.User != ann {
		t.Errorf("recorded: %+v", d)
	}
}

func TestTheWorkerIsKilledWhileItAccepts(t *testing.T) {
	slow(t)
	t.Parallel()
	w := newWorld(t)
	m := w.pausedForCPI(asked)
	w.prodege.Inject(simulator.Fault{Kind: simulator.LateAnswer, Method: "project-update", Delay: patience})
	w.click(ann, m, approve)
	await(t, "the call to be under way", func() bool { return w.prodege.Fired(simulator.LateAnswer) == 1 })
	w.worker.kill() // Prodege has done it, and we don't know
	w.worker.launch()
	w.becomes(m, "Live again at $4.25")
	w.acceptances(1)
}

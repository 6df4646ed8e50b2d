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

// TestTemporalUnreachableAtStart checks that deliveries wait in the inbox while Temporal is unreachable, also across a
// restart.
func TestTemporalUnreachableAtStart(t *testing.T) {
	t.Parallel()
	p := newProxy(t, server.HostPort)
	w := newWorld(t, func(plan *plan) { plan.temporal = p.addr })
	if status, body := w.ingress.get("/readyz"); status != http.StatusOK || !strings.Contains(body, "does not answer") {
		t.Errorf("/readyz answers %d %s", status, body)
	}
	w.checkDelivered(w.prodege.Pause(w.ctx, theProject, prodege.SampleSize))
	w.checkDelivered(w.prodege.Pause(w.ctx, theProject, prodege.HighDropOff))
	if n := w.ingress.metric("fieldmarshal_inbox_depth", ""); n != 2 {
		t.Errorf("%v events wait in the inbox, want 2", n)
	}
	w.ingress.stop() // waiting deliveries survive a restart
	w.ingress.launch()
	w.checkDelivered(w.prodege.Live(w.ctx, theProject))
	p.up()
	w.waitProject(theProject, func(s *project.State) bool { return s.Counts.Applied == 3 && s.Status == prodege.Live }, "three events")
	p.down()
	w.checkDelivered(w.prodege.Pause(w.ctx, theProject, prodege.SampleSize))
	m := w.waitRoot(alerts, "Live again")
	p.up()
	w.waitProject(theProject, func(s *project.State) bool { return s.Counts.Applied == 4 }, "the fourth event")
	w.waitMessage(alerts, "a message about the new pause", func(now simulator.Message) bool {
		return contains(now, "Paused") && (now.TS != m.TS || now.Edits > m.Edits)
	})
	await(t, "the inbox to be empty", func() bool { return w.ingress.metric("fieldmarshal_inbox_depth", "") == 0 })
}

func TestClickWhileTemporalIsUnreachable(t *testing.T) {
	t.Parallel()
	p := newProxy(t, server.HostPort)
	p.up()
	w := newWorld(t, func(plan *plan) { plan.temporal = p.addr })
	m := w.pauseForCPI(amount)
	p.down()
	if _, again := w.clickOnce(simulator.Click{User: ann, Channel: m.Channel, TS: m.TS, ActionID: approve}); !again {
		t.Error("the click need not be repeated")
	}
	w.waitEphemeral(ann, notRecorded)
	if now, _ := w.slack.Message(approvals, m.TS); len(buttons(now)) != 4 {
		t.Errorf("the buttons are %v", buttons(now))
	}
	p.up()
	await(t, "the ingress to reach Temporal", func() bool {
		_, body := w.ingress.get("/readyz")
		return strings.Contains(body, `"answers"`)
	})
	w.click(ann, m, approve)
	w.waitUpdated(m, "Live again at $4.25")
	w.checkAcceptances(1)
}

func TestIngressKilledAfterResponses(t *testing.T) {
	skipIfShort(t)
	t.Parallel()
	p := newProxy(t, server.HostPort) // so that the inbox still has all events when the ingress is killed
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
				e, err := w.prodege.Deliver(w.ctx, []byte(eventJSON(id, survey, `,"status":"LIVE"`)))
				if err != nil || e.Status() != http.StatusOK {
					return // the ingress was killed
				}
				answered.Store(id, survey)
				count.Add(1)
			}
		})
	}
	await(t, "enough responses", func() bool { return count.Load() >= enough })
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
		state := w.waitProject(survey, func(s *project.State) bool { return s.Counts.Applied+s.Counts.Late >= int64(len(want)) }, "all acknowledged events")
		text := historyText(t, w.history(w.ctx, workflows.ProjectID(survey), ""))
		for _, id := range want {
			if !strings.Contains(text, id) {
				t.Errorf("event %s was answered 200 but is lost", id)
			}
		}
		if c := state.Counts; c.Received != c.Applied+c.Duplicate+c.Late+c.Unusable || c.Duplicate != 0 {
			t.Errorf("counts %+v", c)
		}
	}
	t.Logf("%d events were answered", count.Load())
}

func TestWorkerKilledWhileRequestIsOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.pauseForCPI(amount)
	w.waitRequest(func(s *project.Question) bool { return !s.Clock.From.IsZero() }, "the request to be recorded as posted")
	w.worker.kill()
	w.click(ann, m, approve) // recorded in Temporal although no worker is running
	w.waitEphemeral(ann, "Recorded")
	w.checkAcceptances(0)
	w.worker.launch()
	w.checkAccepted("4.25")
	w.waitUpdated(m, "Live again at $4.25")
	w.checkAcceptances(1)
	if d := w.onlyDecision(); d.User != ann {
		t.Errorf("recorded: %+v", d)
	}
}

func TestWorkerKilledDuringAcceptance(t *testing.T) {
	skipIfShort(t)
	t.Parallel()
	w := newWorld(t)
	m := w.pauseForCPI(amount)
	w.prodege.Inject(simulator.Fault{Kind: simulator.LateAnswer, Method: "project-update", Delay: waitTimeout})
	w.click(ann, m, approve)
	await(t, "the call to Prodege", func() bool { return w.prodege.Fired(simulator.LateAnswer) == 1 })
	w.worker.kill() // Prodege has resumed the project, but the worker does not know
	w.worker.launch()
	w.waitUpdated(m, "Live again at $4.25")
	w.checkAcceptances(1)
}

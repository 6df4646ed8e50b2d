package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	enums "go.temporal.io/api/enums/v1"
	history "go.temporal.io/api/history/v1"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
	"fieldmarshal/workflows"
)

// costOf returns how many events a project's history has, and how many activities it started.
func (w *world) costOf(id prodege.ProjectID) (events, activities int) {
	w.t.Helper()
	h := w.history(w.ctx, workflows.ProjectID(id), "")
	for _, e := range h.GetEvents() {
		if e.GetEventType() == enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED {
			activities++
		}
	}
	return len(h.GetEvents()), activities
}

// waitIdle waits until a project has nothing in progress, and returns its history.
func (w *world) waitIdle(id prodege.ProjectID) *history.History {
	w.t.Helper()
	var h *history.History
	await(w.t, "the project to be idle", func() bool {
		h = w.history(w.ctx, workflows.ProjectID(id), "")
		scheduled, ended := 0, 0
		for _, e := range h.GetEvents() {
			switch e.GetEventType() {
			case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
				scheduled++
			case enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, enums.EVENT_TYPE_ACTIVITY_TASK_FAILED, enums.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
				ended++
			}
		}
		last := h.Events[len(h.Events)-1].GetEventType()
		return scheduled == ended && slices.Contains([]enums.EventType{enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
			enums.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES, enums.EVENT_TYPE_TIMER_STARTED}, last)
	})
	return h
}

// eventTypes lists a history's events, to show why there are too many.
func eventTypes(h *history.History) (text string) {
	for _, e := range h.GetEvents() {
		text += fmt.Sprintf("%d %s %s %s\n", e.GetEventId(), e.GetEventTime().AsTime().Format("05.000"), e.GetEventType(), e.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName())
	}
	return text
}

// TestCostOfAPause checks that a first plain pause takes one workflow, at most 16 history events, one activity and no
// edit.
func TestCostOfAPause(t *testing.T) {
	t.Parallel()
	const maxEvents = 16
	for _, reason := range []prodege.Reason{prodege.SupportAgent, prodege.SampleSize, prodege.MaxClicks} {
		t.Run(fmt.Sprint(reason), func(t *testing.T) {
			w := newWorld(t)
			w.checkDelivered(w.prodege.Pause(w.ctx, theProject, reason))
			m := w.waitRoot(alerts, "Oat milk study")
			h := w.waitIdle(theProject)
			events, activities := w.costOf(theProject)
			if events > maxEvents || activities != 1 || m.Edits != 0 {
				t.Errorf("%d events, %d activities, %d edits:\n%s", events, activities, m.Edits, eventTypes(h))
			}
			for _, run := range w.runs() {
				if run.kind != workflows.TypeProject {
					t.Errorf("there is a workflow %s of type %s", run.id, run.kind)
				}
			}
		})
	}
}

// TestCostOfAnApproval checks that an approved CPI pause takes at most 60 history events until the project is live
// again.
func TestCostOfAnApproval(t *testing.T) {
	t.Parallel()
	const maxEvents = 60
	w := newWorld(t)
	// A LIVE in the same second as the pause would be ambiguous and cause a poll of Prodege.
	w.checkDelivered(w.prodege.PauseForCPI(w.ctx, theProject, amount, simulator.How{Age: 5 * time.Second}))
	m := w.waitRoot(approvals, "Approve a CPI of $4.25?")
	w.click(ann, m, approve)
	w.waitUpdated(m, "Live again at $4.25")
	w.waitProject(theProject, func(s *project.State) bool { return s.Waiting == project.WaitsNothing && s.Act == nil }, "the project to wait for nothing")
	h := w.waitIdle(theProject)
	if events, activities := w.costOf(theProject); events > maxEvents {
		t.Errorf("%d events, %d activities:\n%s", events, activities, eventTypes(h))
	} else {
		t.Logf("%d events, %d activities", events, activities)
	}
}

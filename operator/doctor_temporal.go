package operator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.temporal.io/api/serviceerror"

	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

func (e *examination) temporal(ctx context.Context) {
	f := e.Facts
	if err := e.Flows.Health(ctx); err != nil {
		e.add(Broken, "Temporal", "check that it runs, TEMPORAL_ADDRESS, and certificates or TEMPORAL_API_KEY", "does not answer at %s: %v", f.TemporalAddress, err)
		return
	}
	e.add(Fine, "Temporal", "", "answers at %s", f.TemporalAddress)
	retention, err := e.Temporal.Retention(ctx)
	var missing *serviceerror.NamespaceNotFound
	switch {
	case errors.As(err, &missing):
		e.add(Broken, "namespace", fmt.Sprintf("temporal operator namespace create --retention %s -n %s, or set TEMPORAL_NAMESPACE", f.ProjectLinger, f.Namespace), "%q does not exist", f.Namespace)
		return
	case err != nil:
		e.add(Broken, "namespace", "check TEMPORAL_NAMESPACE, and TEMPORAL_API_KEY or the certificate", "%q can't be described: %v", f.Namespace, err)
		return
	case retention < f.ProjectLinger:
		e.add(Broken, "retention", fmt.Sprintf("temporal operator namespace update --retention %s -n %s, or lower PROJECT_LINGER", f.ProjectLinger, f.Namespace),
			"namespace %q keeps closed workflows for %s, less than PROJECT_LINGER (%s): a late event would open a second life unnoticed", f.Namespace, lasting(retention), lasting(f.ProjectLinger))
	default:
		e.add(Fine, "retention", "", "namespace %q keeps closed workflows for %s", f.Namespace, lasting(retention))
	}
	e.attributes(ctx)
	switch n, err := e.Temporal.Workers(ctx, e.now.Add(-pollsWithin)); {
	case err != nil:
		e.add(Warning, "workers", "see the task queue in the Temporal UI", "can't be counted: %v", err)
	case n == 0:
		e.add(Warning, "workers", "start fieldmarshal worker; it polls once its /readyz says so", "none polls %q: events wait, nothing is decided", f.TaskQueue)
	default:
		e.add(Fine, "workers", "", "%d polling %q", n, f.TaskQueue)
	}
	switch last, err := e.Flows.LastSwitch(ctx); {
	case err != nil:
		e.add(Broken, "kill switch", "nothing is accepted while it can't be read; see the workflow "+workflows.ControlID, "%v", err)
	case !last.On:
		e.add(Warning, "kill switch", "fieldmarshal accepting on --as U…", "accepting is off: decisions are held back; switched by %s at %s", cmp.Or(last.By, "nobody known"), stamp(last.At))
	default:
		e.add(Fine, "kill switch", "", "accepting is on")
	}
	e.ended(ctx)
}

// attributes compares search attributes. The worker adds what is missing, and says what to do if it can't.
func (e *examination) attributes(ctx context.Context) {
	const what = "search attributes"
	have, err := e.Temporal.Attributes(ctx)
	if err != nil {
		e.add(Warning, what, "see them in the namespace's settings; the worker checks them as it starts", "can't be listed: %v", err)
		return
	}
	var missing, wrong []string
	for _, want := range workflows.Attributes() {
		switch kind, found := have[want.Name]; {
		case !found:
			missing = append(missing, want.Name)
		case kind != want.Type.String():
			wrong = append(wrong, fmt.Sprintf("%s is %s and must be %s", want.Name, kind, want.Type))
		}
	}
	switch {
	case len(wrong) > 0:
		e.add(Broken, what, "remove them (temporal operator search-attribute remove), or use another namespace", "of another type: %s", strings.Join(wrong, ", "))
	case len(missing) > 0:
		e.add(Warning, what, "start a worker, which adds them; if it can't, its log and its /readyz say what to do", "missing: %s", strings.Join(missing, ", "))
	default:
		e.add(Fine, what, "", "all exist")
	}
}

const (
	endedProjects = "WorkflowType = '" + workflows.TypeProject + "' AND ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut')"
	maxEnded      = 20 // projects that are told of
)

// ended lists projects that ended otherwise than by themselves or by a cancel, and that no event has opened again. They can
// say nothing any more: their messages may still have buttons, and what they had begun is not finished.
func (e *examination) ended(ctx context.Context) {
	const what = "ended projects"
	rows, _, err := e.Temporal.List(ctx, endedProjects, mostListed)
	if err != nil {
		e.add(Warning, what, "see the list of workflows in the Temporal UI", "can't be listed: %v", err)
		return
	}
	told := map[prodege.ProjectID]bool{}
	for _, r := range rows {
		open, _, err := e.Temporal.List(ctx, OpenProjects+fmt.Sprintf(" AND WorkflowId = '%s'", r.Workflow), 1)
		if told[r.Project] || len(told) == maxEnded || err == nil && len(open) > 0 {
			continue
		}
		told[r.Project] = true
		where := "its messages"
		if s, err := e.Flows.Project(ctx, r.Project); err == nil {
			where = strings.Join(slices.Sorted(maps.Values(messages(s))), ", ")
		}
		e.add(Warning, fmt.Sprintf("project %s", r.Project), fmt.Sprintf("delete in Slack what still has buttons (%s); then fieldmarshal watch %s opens it and posts what it is paused for", where, r.Project),
			"its workflow ended (%s) at %q: it updates no message any more, and clicks have no effect", strings.ToLower(r.Ended), r.Summary)
	}
	if len(told) == 0 {
		e.add(Fine, what, "", "no project was terminated or failed")
	}
}

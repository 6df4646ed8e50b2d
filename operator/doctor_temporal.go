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

	"fieldmarshal/workflows"
)

func (e *examination) temporal(ctx context.Context) {
	f := e.world.Facts
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	if err := e.world.Flows.Health(ctx); err != nil {
		e.add(Broken, "Temporal", "check that it runs, TEMPORAL_ADDRESS, and certificates or TEMPORAL_API_KEY", "does not answer at %s: %v", f.TemporalAddress, err)
		return
	}
	e.add(Fine, "Temporal", "", "answers at %s", f.TemporalAddress)
	retention, err := e.world.Temporal.Retention(ctx)
	var missing *serviceerror.NamespaceNotFound
	var denied *serviceerror.PermissionDenied
	switch {
	case errors.As(err, &missing):
		e.add(Broken, "namespace", fmt.Sprintf("temporal operator namespace create --retention %s -n %s, or set TEMPORAL_NAMESPACE", f.ProjectLinger, f.Namespace), "%q does not exist", f.Namespace)
		return
	case errors.As(err, &denied):
		e.add(Broken, "namespace", "check TEMPORAL_NAMESPACE, and TEMPORAL_API_KEY or the certificate", "we may not use %q: %v", f.Namespace, err)
		return
	case err != nil:
		e.add(Broken, "namespace", "see Temporal's log", "%q can't be described: %v", f.Namespace, err)
		return
	case retention < f.ProjectLinger:
		e.add(Broken, "retention", fmt.Sprintf("temporal operator namespace update --retention %s -n %s, or lower PROJECT_LINGER", f.ProjectLinger, f.Namespace),
			"namespace %q keeps closed workflows for %s, less than PROJECT_LINGER (%s): a late event would open a second life unnoticed", f.Namespace, lasting(retention), lasting(f.ProjectLinger))
	default:
		e.add(Fine, "retention", "", "namespace %q keeps closed workflows for %s", f.Namespace, lasting(retention))
	}
	e.attributes(ctx)
	e.workers(ctx)
	e.killSwitch(ctx)
	e.schedule(ctx)
	e.ended()
}

// schedule checks that the schedule of the weekly report exists if it should, and only then.
func (e *examination) schedule(ctx context.Context) {
	const what = "weekly report"
	s, err := e.world.Temporal.Schedule(ctx)
	digest := e.world.Facts.Digest
	switch {
	case digest == "" && s == nil:
	case err != nil:
		e.add(Warning, what, "the worker needs the right to write to the namespace", "its schedule can't be read: %v", err)
	case s == nil:
		e.add(Warning, what, "start a worker, which makes it; its log says why if it can't", "DIGEST is %q, but there is no schedule %s", digest, workflows.ReportID)
	case digest == "":
		e.add(Warning, what, "start a worker with this configuration, which deletes it", "DIGEST is not set, but there is a schedule %s", workflows.ReportID)
	case s.Paused:
		e.add(Warning, what, "temporal schedule toggle --unpause -n "+e.world.Facts.Namespace+" --schedule-id "+workflows.ReportID, "its schedule is paused")
	default:
		e.add(Fine, what, "", "comes next at %s", stamp(s.Next))
	}
}

func (e *examination) attributes(ctx context.Context) {
	have, err := e.world.Temporal.Attributes(ctx)
	if err != nil {
		e.add(Warning, "search attributes", "see them in the namespace's settings; the worker checks them as it starts", "can't be listed: %v", err)
		return
	}
	ours := workflows.Attributes()
	var missing, wrong, todo, others []string
	short := map[string]bool{} // types that ours need more of
	for _, want := range ours {
		switch kind, found := have[want.Name]; {
		case !found:
			missing, short[want.Type.String()] = append(missing, want.Name), true
			todo = append(todo, fmt.Sprintf("temporal operator search-attribute create -n %s --name %s --type %s", e.world.Facts.Namespace, want.Name, want.Type))
		case kind != want.Type.String():
			wrong = append(wrong, fmt.Sprintf("%s is %s and must be %s", want.Name, kind, want.Type))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if short[have[name]] && !slices.ContainsFunc(ours, func(a workflows.Attribute) bool { return a.Name == name }) {
			others = append(others, name+" ("+have[name]+")")
		}
	}
	switch {
	case len(wrong) > 0:
		e.add(Broken, "search attributes", "remove them (temporal operator search-attribute remove), or use another namespace", "of another type: %s", strings.Join(wrong, ", "))
	case len(others) > 0: // a namespace has few of each type on SQL visibility, and the commands fail if all are taken
		e.add(Warning, "search attributes", "start a worker, which adds them; if its /readyz says that there is no room, give Fieldmarshal a namespace of its own (TEMPORAL_NAMESPACE)",
			"missing: %s; search attributes of another program may be in the way: %s", strings.Join(missing, ", "), strings.Join(others, ", "))
	case len(missing) > 0:
		e.add(Warning, "search attributes", "start a worker, which adds them; if it may not: "+strings.Join(todo, "; "), "missing: %s", strings.Join(missing, ", "))
	default:
		e.add(Fine, "search attributes", "", "all %d exist", len(have))
	}
}

func (e *examination) workers(ctx context.Context) {
	const start = "start fieldmarshal worker; it polls once its /readyz says so"
	polling, last, err := e.call.workers(ctx)
	switch queue := e.world.Facts.TaskQueue; {
	case err != nil:
		e.add(Warning, "workers", "see the task queue in the Temporal UI", "can't be counted: %v", err)
	case polling == 0 && !last.IsZero():
		e.add(Warning, "workers", start, "none polls %q any more, the last was seen at %s (%s ago): events wait, nothing is decided", queue, stamp(last), e.ago(last))
	case polling == 0:
		e.add(Warning, "workers", start, "none polls %q: events wait, nothing is decided", queue)
	default:
		e.add(Fine, "workers", "", "%d polling %q", polling, queue)
	}
}

func (e *examination) killSwitch(ctx context.Context) {
	last, err := e.world.Flows.LastSwitch(ctx)
	switch {
	case err != nil:
		e.add(Broken, "kill switch", "nothing is accepted while it can't be read; see the workflow "+workflows.ControlID, "%v", err)
	case !last.On:
		e.add(Warning, "kill switch", "fieldmarshal accepting on --as U…", "accepting is off: decisions are held back; switched by %s at %s", cmp.Or(last.By, "nobody known"), stamp(last.At))
	default:
		e.add(Fine, "kill switch", "", "accepting is on")
	}
}

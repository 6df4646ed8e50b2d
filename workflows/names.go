package workflows

import (
	"go.temporal.io/sdk/workflow"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// Workflow types.
const (
	TypeProject = "Project"
	TypeControl = "Control"
	TypeDigest  = "Digest"
	TypeReport  = "Report"
)

// TaskQueue is the default of TEMPORAL_TASK_QUEUE.
const TaskQueue = "fieldmarshal"

// SlackQueue is the task queue on which a channel's posts run, so that one rate holds across all workers.
func SlackQueue(base, channel string) string { return base + "-slack-" + channel }

const (
	// ControlID is the id of the one Control workflow, the kill switch.
	ControlID = "fieldmarshal-control"
	// ReportID is the id of the schedule of reports, and how the ids of the workflows that it starts begin.
	ReportID = "fieldmarshal-report"
)

// ProjectID is the workflow id of a project.
func ProjectID(id prodege.ProjectID) string { return project.WorkflowID(id) }

// DigestID is the workflow id of a channel's digest; it runs only while there is a burst.
func DigestID(channel string) string { return "fieldmarshal-digest-" + channel }

// Queries. Both need a live worker.
const (
	StateQuery  = "State"  // of every workflow: its state; of a Project without ledger and seen ids
	LedgerQuery = "Ledger" // of a Project: its ledger
)

// Signal is the name of a signal together with the type of what it carries, so that the compiler checks sender and
// receiver alike.
type Signal[T any] string

// The signals.
const (
	// StatusUpdate brings a Project one event of the status webhook.
	StatusUpdate Signal[prodege.Event] = "StatusUpdate"
	// PricingUpdate brings a Project one event of the Real Time Pricing webhook.
	PricingUpdate Signal[prodege.Event] = "PricingUpdate"
	// Decide brings a Project a click, or its like from the command line.
	Decide Signal[project.Decision] = "Decision"
	// Accepting switches the kill switch.
	Accepting Signal[Switch] = "Accepting"
	// DigestAdd brings a Digest one pause.
	DigestAdd Signal[project.DigestItem] = "DigestItem"
)

// drain takes all that has come, in order.
func (s Signal[T]) drain(ctx workflow.Context) []T {
	ch := workflow.GetSignalChannel(ctx, string(s))
	var got []T
	for {
		var v T
		if !ch.ReceiveAsync(&v) {
			return got
		}
		got = append(got, v)
	}
}

// waits reports whether something has come that was not taken yet.
func (s Signal[T]) waits(ctx workflow.Context) bool {
	return workflow.GetSignalChannel(ctx, string(s)).Len() > 0
}

// registry is what workflows are registered with: a worker, a replayer, a test environment.
type registry interface {
	RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions)
}

// Register registers every workflow under its name.
func Register(r registry, w *Workflows) {
	for name, fn := range map[string]any{TypeProject: w.Project, TypeControl: w.Control, TypeDigest: w.Digest, TypeReport: w.Report} {
		r.RegisterWorkflowWithOptions(fn, workflow.RegisterOptions{Name: name})
	}
}

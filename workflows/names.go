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

// SlackQueue returns the task queue for posts in a channel, so that a rate limit applies across all workers.
func SlackQueue(base, channel string) string { return base + "-slack-" + channel }

const (
	// ControlID is the id of the only Control workflow, the kill switch.
	ControlID = "fieldmarshal-control"
	// ReportID is the id of the schedule of reports, and the prefix of the ids of the workflows that it starts.
	ReportID = "fieldmarshal-report"
)

// ProjectID returns the workflow id of a project.
func ProjectID(id prodege.ProjectID) string { return project.WorkflowID(id) }

// DigestID returns the workflow id of a channel's digest, which only runs during a burst.
func DigestID(channel string) string { return "fieldmarshal-digest-" + channel }

// Queries. Both need a live worker.
const (
	StateQuery  = "State"  // of every workflow: its state; of a Project without ledger and seen ids
	LedgerQuery = "Ledger" // of a Project: its ledger
)

// Signal is the name of a signal with the type of its payload, so that the compiler checks both sender and receiver.
type Signal[T any] string

// The signals.
const (
	// StatusUpdate brings a Project one event of the status webhook.
	StatusUpdate Signal[prodege.Event] = "StatusUpdate"
	// PricingUpdate brings a Project one event of the Real Time Pricing webhook.
	PricingUpdate Signal[prodege.Event] = "PricingUpdate"
	// Decide brings a Project a click, or a decision from the command line.
	Decide Signal[project.Decision] = "Decision"
	// Accepting switches the kill switch.
	Accepting Signal[Switch] = "Accepting"
	// DigestAdd brings a Digest one pause.
	DigestAdd Signal[project.DigestItem] = "DigestItem"
)

// drain receives all pending signals, in order.
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

// waits reports whether a signal is pending.
func (s Signal[T]) waits(ctx workflow.Context) bool {
	return workflow.GetSignalChannel(ctx, string(s)).Len() > 0
}

// registry is a worker, a replayer or a test environment.
type registry interface {
	RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions)
}

// Register registers every workflow under its name.
func Register(r registry, w *Workflows) {
	for name, fn := range map[string]any{TypeProject: w.Project, TypeControl: w.Control, TypeDigest: w.Digest, TypeReport: w.Report} {
		r.RegisterWorkflowWithOptions(fn, workflow.RegisterOptions{Name: name})
	}
}

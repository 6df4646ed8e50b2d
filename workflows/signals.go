package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// Signal is the name of a signal together with the type of what it carries, so that the compiler checks
// sender and receiver alike.
type Signal[T any] string

// The signals.
const (
	// StatusUpdate brings a Project one event of the status webhook.
	StatusUpdate Signal[prodege.Event] = "StatusUpdate"
	// PricingUpdate brings a Project one event of the Real Time Pricing webhook.
	PricingUpdate Signal[prodege.Event] = "PricingUpdate"
	// Decide brings a CPIApproval, a ProjectAction or an Invoicing a click, or its like from the command line.
	Decide Signal[Decision] = "Decision"
	// ProjectChanged tells a child what happened to its project.
	ProjectChanged Signal[Change] = "ProjectChanged"
	// ChildOutcome tells a Project what became of a child's work: a line of its ledger.
	ChildOutcome Signal[Outcome] = "Outcome"
	// Accepting switches the kill switch.
	Accepting Signal[Switch] = "Accepting"
)

// StateQuery is the query that each workflow answers with its whole state.
const StateQuery = "State"

// ChangeKind says what a Project tells its children.
type ChangeKind string

// The changes.
const (
	ChangeLive      ChangeKind = "live"         // the project is live again
	ChangeAmount    ChangeKind = "newer_amount" // paused for CPI again, by a newer event (the same amount is nothing new)
	ChangeOther     ChangeKind = "other_pause"  // it stands still for another reason now
	ChangeCancelled ChangeKind = "cancelled"    // somebody cancelled the child itself in Temporal; no signal says it
	ChangeEnded     ChangeKind = "ended"        // complete, pending complete, invoiced or deleted: nothing is left to ask
	ChangeNothing   ChangeKind = "nothing"      // a sign of life is asked for: a child that is gone does not take it
	ChangeHold      ChangeKind = "hold"         // back to PENDING_COMPLETE: an invoice not yet sent waits
	ChangeRevised   ChangeKind = "revised"      // COMPLETE (again), with these facts
	ChangeInvoiced  ChangeKind = "invoiced"     // Prodege has invoiced
)

// Change is what a Project tells a child.
type Change struct {
	Kind  ChangeKind    `json:"kind"`
	Event prodege.Event `json:"event"`
	Alert string        `json:"alert,omitempty"` // link to the pause alert
}

// Outcome is what a child tells its Project. Fields that are not set say nothing.
type Outcome struct {
	Child      string              `json:"child"` // workflow id
	Line       *Line               `json:"line,omitempty"`
	Decision   *activities.Decided `json:"decision,omitempty"`
	Status     ChildStatus         `json:"status"`
	Ask        bool                `json:"ask,omitempty"`         // the project looks other than its events say: ask Prodege
	Automatic  bool                `json:"automatic,omitempty"`   // an automatic approval was given
	Rewrite    bool                `json:"rewrite,omitempty"`     // somebody clicked on the alert: it is to be written once more as it is
	Reply      *Reply              `json:"reply,omitempty"`       // to be said in the thread of the pause's alert
	Stood      time.Time           `json:"stood,omitzero"`        // when the child's own message stood first
	HandedBack *prodege.Event      `json:"handed_back,omitempty"` // asks for a CPI, and reached the child when it was cancelled already
	Cost       *prodege.USD        `json:"cost,omitempty"`        // with a decision: what it is about costs in all; nil: not known
}

// Reply is what a matter says in its message's thread, once.
type Reply struct {
	Key  string          `json:"key"` // names it in the workflow that has the message
	Note activities.Note `json:"note"`
}

// ChildStatus is where a child stands, for the Project's own view.
type ChildStatus struct {
	Phase     string       `json:"phase"`
	Waits     Waiting      `json:"waits,omitempty"` // what a person or a system has to do next
	Required  *prodege.USD `json:"required,omitempty"`
	MaxCPI    *prodege.USD `json:"max_cpi,omitempty"`
	Previous  *prodege.USD `json:"previous,omitempty"`
	Deadline  time.Time    `json:"deadline,omitzero"`
	Attention string       `json:"attention,omitempty"` // why people must look; empty: they need not
	Link      string       `json:"link,omitempty"`      // the message in Slack
	Busy      bool         `json:"busy,omitempty"`      // an acceptance is in flight
	Closed    bool         `json:"closed,omitempty"`    // the child ends now
	Revision  int          `json:"revision,omitempty"`  // of an invoice

	Acting *activities.Acting `json:"acting,omitempty"` // of a ProjectAction: what the alert shows of it
}

// Switch turns acceptance on or off for all projects.
type Switch struct {
	On bool   `json:"on"`
	By string `json:"by"`
	ID string `json:"id,omitempty"` // of this switching, so that whoever asked for it learns whether it was allowed
}

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

// waits says whether something has come that was not taken yet.
func (s Signal[T]) waits(ctx workflow.Context) bool {
	return workflow.GetSignalChannel(ctx, string(s)).Len() > 0
}

// wakes lets the selector return when something comes; the value stays for drain.
func (s Signal[T]) wakes(ctx workflow.Context, sel workflow.Selector) {
	sel.AddReceive(workflow.GetSignalChannel(ctx, string(s)), func(workflow.ReceiveChannel, bool) {})
}

// send signals a workflow by id. There is nobody to tell where it is closed: found is false, and that is
// an answer, not a fault.
func (s Signal[T]) send(ctx workflow.Context, workflowID string, v T) (found bool) {
	err := workflow.SignalExternalWorkflow(ctx, workflowID, "", string(s), v).Get(ctx, nil)
	if err == nil {
		return true
	}
	var unknown *temporal.UnknownExternalWorkflowExecutionError
	if !errors.As(err, &unknown) {
		workflow.GetLogger(ctx).Error("signal not taken", "signal", string(s), "to", workflowID, "error", err)
	}
	return false
}

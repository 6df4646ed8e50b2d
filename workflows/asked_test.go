package workflows

import (
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/sdk/v1"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// details are the current details of a workflow, now.
func (w *world) details(id string) string {
	w.t.Helper()
	got, err := w.env.QueryWorkflowByID(id, "__temporal_workflow_metadata")
	if err != nil {
		w.t.Fatal(err)
	}
	var m sdk.WorkflowMetadata
	if err := got.Get(&m); err != nil {
		w.t.Fatal(err)
	}
	return m.CurrentDetails
}

// describes checks that the details of both the project and its request hold a text, or that neither does.
func (w *world) describes(after time.Duration, text string, whether bool) {
	w.at(after, func() {
		w.t.Helper()
		for _, id := range []string{ProjectWorkflowID(theProject), ApprovalWorkflowID(theProject, "pause")} {
			if got := w.details(id); strings.Contains(got, text) != whether {
				w.t.Errorf("after %s the details of %s say %q: want %v\n%s", after, id, text, whether, got)
			}
		}
	})
}

func TestDetailsSayWhomTheyAsked(t *testing.T) {
	w := asked(t)
	w.settings.Approvers = []string{"U1", "W_2", "S0OPS"}
	w.settings.SecondApproverAbove = ptr(prodege.MustUSD("4"))
	w.describes(5*time.Minute, `in channel C0APPROVE: U1, W\_2, user group S0OPS`, true)
	w.describes(5*time.Minute, `\$4.25 first`, false)
	w.click(10*time.Minute, "U1", activities.VerdictApprove)
	w.describes(11*time.Minute, `U1 approved \$4.25 first, 2026-03-02 17:10:00 UTC`, true)
	w.click(12*time.Minute, "W_2", activities.VerdictApprove)
	w.describes(13*time.Minute, `\$4.25 first`, false)
	w.ends(time.Hour)
}

func TestDetailsSayThatAnyoneIsAsked(t *testing.T) {
	w := asked(t)
	w.settings.Anyone = true
	w.describes(5*time.Minute, "in channel C0APPROVE: anyone in the channel", true)
	w.ends(time.Hour)
}

// Settings that were recorded before hold no approvers.
func TestDetailsLeaveOutWhatIsNotRecorded(t *testing.T) {
	w := asked(t)
	w.describes(5*time.Minute, "in channel C0APPROVE\n", true)
	w.ends(time.Hour)
}

func TestDetailsNameSomeOfManyApprovers(t *testing.T) {
	want(t, "named", approversText(Settings{Approvers: strings.Split(strings.Repeat("U1 ", 22)+"U1", " ")}), strings.Repeat("U1, ", 20)+"3 more")
}

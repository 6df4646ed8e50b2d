package workflows

import (
	"fmt"
	"testing"
	"time"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// TestVainClicksStandInTheState: the command line, which nobody can whisper to, reads there why a decision did
// not count; the newest twenty are kept.
func TestVainClicksStandInTheState(t *testing.T) {
	w := asked(t)
	w.outsiders["U9"] = true
	w.settings.Ceiling = ptr(prodege.MustUSD("4.50"))
	command := func(d *Decision) { d.Channel, d.From = "", activities.FromCommand }
	w.click(10*time.Minute, "U9", activities.VerdictReject, command)
	w.click(11*time.Minute, "U1", activities.VerdictApprove, command, func(d *Decision) { d.UpTo = ptr(prodege.MustUSD("5")) })
	state := func() (s ApprovalState) {
		got, err := w.env.QueryWorkflowByID(w.request().Workflow, StateQuery)
		if err == nil {
			err = got.Get(&s)
		}
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	w.at(12*time.Minute, func() {
		s := state()
		var got []string
		for _, a := range s.Answers {
			got = append(got, fmt.Sprintf("%s %s %s", a.User, a.Kind, a.Amount))
		}
		wantList(t, "answers", got, "U9 not_allowed 4.25", "U1 over_ceiling 4.50")
		want(t, "whispers", len(w.answers()), 0)
		want(t, "decisions", len(s.Decisions), 0)
		want(t, "click", s.Answers[0].Click != "" && s.Answers[0].Click == s.Clicks[0], true)
	})
	for i := range 25 {
		w.click(13*time.Minute+time.Duration(i)*time.Second, "U9", activities.VerdictReject, command)
	}
	w.at(15*time.Minute, func() { want(t, "kept", len(state().Answers), maxAnswers) })
	w.ends(time.Hour)
}

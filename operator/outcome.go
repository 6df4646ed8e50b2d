package operator

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

// Outcome is what became of a decision, as approve, reject, act and the like answer it in JSON.
type Outcome struct {
	Project    prodege.ProjectID `json:"project_id"`
	Generation int               `json:"generation"`
	Click      string            `json:"click"`
	By         string            `json:"by"`
	Verdict    project.Verdict   `json:"verdict"`
	Recorded   bool              `json:"recorded"`
	Decision   *project.Decided  `json:"decision,omitempty"` // as it was recorded
	Why        string            `json:"why,omitempty"`      // it did not count
	Phase      project.Phase     `json:"phase"`
	Words      string            `json:"words"` // where what was decided about is now
}

// pollEvery is how often a project is asked what became of a decision.
const pollEvery = 200 * time.Millisecond

// verdictName is a verdict as the command line names it.
func verdictName(v project.Verdict) string { return strings.ReplaceAll(string(v), "_", "-") }

// submit passes a decision about a question on, and waits until it is known what became of it: if it was recorded, until
// Prodege has answered.
func (c *call) submit(id prodege.ProjectID, q *project.Question, d project.Decision, wait time.Duration) error {
	d.ID, d.Of, d.Request, d.Generation, d.From, d.At = "command-"+rand.Text(), q.Kind, q.ID, q.Generation, project.FromCommand, c.now().UTC()
	c.tell("Project %s, generation %d: %s. %s as %s.", id, q.Generation, standing(q), what(d), d.User)
	ctx, cancel := c.within()
	defer cancel()
	err := c.world.Flows.Decide(ctx, id, d)
	if errors.Is(err, workflows.ErrClosed) {
		return noEffect("project %s has just closed; nothing was recorded", id)
	}
	if err != nil {
		return c.explained(err, fmt.Sprintf("pass on the decision about project %s; whether it arrived is not known", id))
	}
	waiting, stop := context.WithTimeout(c.ctx, wait)
	defer stop()
	var last Outcome
	known := false
	for {
		if s, err := c.world.Flows.Project(waiting, id); err == nil {
			if now, found := outcomeOf(s, d); found {
				last, known = now, true
			}
		}
		if known && (!last.Recorded || last.Phase != project.PhaseApproved) {
			break
		}
		select {
		case <-time.After(pollEvery):
			continue
		case <-waiting.Done():
		}
		break
	}
	if !known {
		return failed("the decision was passed on, and nothing is known of it after %s: the project considers it once a worker runs and Slack tells who may decide. See `fieldmarshal state %s`; do not repeat it before", wait, id)
	}
	err = c.show(last, func(p *page) {
		if last.Recorded {
			p.line("Recorded: %s. Now: %s.", cards.DecisionLine(*last.Decision), last.Words)
			return
		}
		p.line("It did NOT count: %s. Now: %s.", last.Why, last.Words)
	})
	if err == nil && !last.Recorded {
		return &Fault{Code: ExitNoEffect}
	}
	return err
}

// outcomeOf reads from a project's state what became of a decision; known is false if it was not considered yet.
func outcomeOf(s *project.State, d project.Decision) (o Outcome, known bool) {
	o = Outcome{Project: s.ID, Generation: d.Generation, Click: d.ID, By: d.User, Verdict: d.Verdict}
	q := s.Request
	if d.Of == project.OfAction {
		q = s.Action
	}
	if q != nil {
		o.Phase, o.Words = q.Phase, questionWords(q)
	}
	for _, a := range s.Answers {
		if a.ID == d.ID {
			o.Why = cards.AnswerPhrase(a.Kind, a.Amount)
			return o, true
		}
	}
	for _, made := range s.Decisions {
		if made.At.Equal(d.At) && made.User == d.User && made.From == d.From {
			o.Recorded, o.Decision = true, &made
			return o, true
		}
	}
	return o, false
}

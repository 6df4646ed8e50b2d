package operator

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

// decideFlags are the flags of every command that decides.
type decideFlags struct {
	as, note string
	wait     time.Duration
}

// flags adds them to a command.
func (f *decideFlags) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.as, "as", "", "who decides: a Slack user id (required)")
	cmd.Flags().StringVar(&f.note, "note", "", "why, for the record and the message")
	cmd.Flags().DurationVar(&f.wait, "wait", 10*time.Second, "how long to wait for the outcome")
}

func (o Options) approve() *cobra.Command {
	var f decideFlags
	var amount, upTo string
	cmd := o.about("approve <project>", func(c *call, id prodege.ProjectID) error {
		want, err := parseUSD("--amount", amount)
		if err != nil {
			return err
		}
		d := project.Decision{Verdict: project.Approve}
		if d.UpTo, err = parseUSD("--up-to", upTo); err != nil {
			return err
		}
		return c.decide(id, f, d, func(q *project.Question, d *project.Decision) error {
			asked := q.Required
			if n := len(q.Decisions); d.UpTo == nil && q.Phase == project.PhaseSecond && n > 0 { // the second approval is for the amount of the first
				asked = q.Decisions[n-1].Amount
				d.UpTo, d.Second = asked, true
			}
			switch {
			case want != nil && (asked == nil || !want.Equal(*asked)):
				return noEffect("project %s asks for %s (generation %d), not %s; nothing was sent", id, dollars(asked), q.Generation, want.Dollars())
			case asked == nil && d.UpTo == nil:
				return usageError("project %s: Prodege has not told an amount; give --up-to", id)
			case d.UpTo != nil && q.Required != nil && d.UpTo.Cmp(*q.Required) < 0:
				return noEffect("project %s asks for %s, which is above --up-to %s; nothing was sent", id, q.Required.Dollars(), d.UpTo.Dollars())
			}
			return nil
		})
	})
	f.flags(cmd)
	cmd.Flags().StringVar(&amount, "amount", "", "the amount in dollars that must be the one asked for")
	cmd.Flags().StringVar(&upTo, "up-to", "", "approve up to this amount: at least what is asked for, and at most twice that")
	return cmd
}

func (o Options) reject() *cobra.Command {
	var f decideFlags
	cmd := o.about("reject <project>", func(c *call, id prodege.ProjectID) error {
		return c.decide(id, f, project.Decision{Verdict: project.Reject}, func(*project.Question, *project.Decision) error { return nil })
	})
	f.flags(cmd)
	return cmd
}

// decide passes a decision on to what a project asks, after check, which may complete it.
func (c *call) decide(id prodege.ProjectID, f decideFlags, d project.Decision, check func(*project.Question, *project.Decision) error) error {
	user, err := parseUser(f.as)
	if err != nil {
		return err
	}
	s, err := c.projectState(id)
	if err != nil {
		return err
	}
	q := questionFor(s, d.Verdict)
	if q == nil {
		return noEffect("project %s asks nothing of the kind: it waits for %s", id, cards.Waits(s.Waiting))
	}
	d.ID, d.Of, d.Request, d.Generation, d.Amount = "command-"+rand.Text(), q.Kind, q.ID, q.Generation, q.Required
	d.User, d.Reason, d.From, d.At = user, f.note, project.FromCommand, c.now().UTC()
	if err := check(q, &d); err != nil {
		return err
	}
	c.note("Project %s, generation %d: %s.", id, q.Generation, standing(q))
	ctx, cancel := c.within()
	defer cancel()
	err = c.world.Flows.Decide(ctx, id, d)
	switch {
	case errors.Is(err, workflows.ErrClosed):
		return noEffect("project %s has just closed; nothing was recorded", id)
	case err != nil:
		return c.explained(err, fmt.Sprintf("pass on the decision about project %s; whether it arrived is not known", id))
	}
	return c.await(id, d, f.wait)
}

// questionFor is what a decision is about; nil if a project asks nothing of the kind.
func questionFor(s *project.State, verdict project.Verdict) *project.Question {
	if a := s.OpenAction(); verdict == project.ChooseAction || verdict == project.TryAgain && a != nil && !s.Pause.ForCPI {
		return a
	}
	return s.OpenRequest()
}

// standing says where a question is, and who decided last; empty if there is none.
func standing(q *project.Question) string {
	if q == nil {
		return ""
	}
	text := questionLine(q)
	if n := len(q.Decisions); n > 0 {
		text += fmt.Sprintf(" (%s at %s)", cards.DecisionLine(q.Decisions[n-1]), stamp(q.Decisions[n-1].At))
	}
	return text
}

func questionLine(q *project.Question) string {
	if q.Kind == project.OfAction {
		return cards.ActionLine(q)
	}
	return cards.RequestLine(q)
}

// Outcome is what became of a decision, as the commands that decide answer it in JSON.
type Outcome struct {
	Project    prodege.ProjectID `json:"project_id"`
	Generation int               `json:"generation"`
	Recorded   bool              `json:"recorded"`
	Decision   *project.Decided  `json:"decision,omitempty"` // as it was recorded
	Why        string            `json:"why,omitempty"`      // it did not count
	Phase      project.Phase     `json:"phase"`
	Words      string            `json:"words"` // where what was decided about is now
}

// pollEvery is how often a project is asked what became of a decision.
const pollEvery = 200 * time.Millisecond

// await waits until it is known what became of a decision, and then, if it was recorded, until Prodege has answered.
func (c *call) await(id prodege.ProjectID, d project.Decision, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(c.ctx, wait)
	defer cancel()
	var last Outcome
	known := false
	for ctx.Err() == nil {
		if s, err := c.world.Flows.Project(ctx, id); err == nil {
			if o, found := outcomeOf(s, d); found {
				last, known = o, true
			}
		}
		if known && (!last.Recorded || last.Phase != project.PhaseApproved) {
			break
		}
		select {
		case <-time.After(pollEvery):
		case <-ctx.Done():
		}
	}
	if !known {
		return failed("the decision was passed on, and nothing is known of it after %s: the project considers it once a worker runs and Slack tells who may decide. See `fieldmarshal state %s`; do not repeat it before", wait, id)
	}
	err := c.show(last, func(p *page) {
		if last.Recorded {
			p.line("Recorded: %s. Now: %s.", cards.DecisionLine(*last.Decision), last.Words)
		} else {
			p.line("It did NOT count: %s. Now: %s.", last.Why, last.Words)
		}
	})
	if err == nil && !last.Recorded {
		return &Fault{Code: ExitNoEffect}
	}
	return err
}

// outcomeOf reads from a project's state what became of a decision; known is false if it was not considered yet.
func outcomeOf(s *project.State, d project.Decision) (o Outcome, known bool) {
	o = Outcome{Project: s.ID, Generation: d.Generation}
	q := s.Request
	if d.Of == project.OfAction {
		q = s.Action
	}
	if q != nil {
		o.Phase, o.Words = q.Phase, questionLine(q)
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

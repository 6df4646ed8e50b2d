package operator

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// decideFlags are what the command line says of a decision.
type decideFlags struct {
	as, amount, upTo, reason string
	wait                     time.Duration
}

func (o Options) approve() *cobra.Command {
	f := newDecideFlags()
	cmd := o.deciding("approve <project>", f, 1, "the id of a project", func(c *call, id prodege.ProjectID) error { return c.approve(id, *f) })
	cmd.Flags().StringVar(&f.amount, "amount", "", "the amount in dollars that must be the one asked for")
	cmd.Flags().StringVar(&f.upTo, "up-to", "", "approve up to this amount, at least what is asked for and at most twice that")
	return cmd
}

func (o Options) reject() *cobra.Command {
	f := newDecideFlags()
	cmd := o.deciding("reject <project>", f, 1, "the id of a project", func(c *call, id prodege.ProjectID) error {
		return c.decide(id, *f, project.Decision{Verdict: project.Reject}, nil)
	})
	f.addNote(cmd)
	return cmd
}

func newDecideFlags() *decideFlags { return &decideFlags{wait: 10 * time.Second} }

// deciding makes a command that decides about a project.
func (o Options) deciding(use string, f *decideFlags, most int, what string, run func(*call, prodege.ProjectID) error) *cobra.Command {
	cmd := o.about(use, false, most, what, run)
	cmd.Flags().StringVar(&f.as, "as", "", "who decides: a Slack user id (required)")
	spanFlag(cmd, &f.wait, "wait", "how long to wait for the outcome")
	return cmd
}

func (f *decideFlags) addNote(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.reason, "note", "", "why, for the record and the message")
}

func (c *call) approve(id prodege.ProjectID, f decideFlags) error {
	amount, err := optionalUSD("--amount", f.amount)
	if err != nil {
		return err
	}
	upTo, err := optionalUSD("--up-to", f.upTo)
	if err != nil {
		return err
	}
	return c.decide(id, f, project.Decision{Verdict: project.Approve, UpTo: upTo}, func(q *project.Question, d *project.Decision) error {
		if first := first(q); upTo == nil && first != nil && (q.Required == nil || !first.Equal(*q.Required)) {
			d.UpTo, d.Second = first, true
		}
		return fits(id, q, *d, amount)
	})
}

// decide passes a decision on to what a project asks, if that takes it and it stands the check.
func (c *call) decide(id prodege.ProjectID, f decideFlags, d project.Decision, check func(*project.Question, *project.Decision) error) error {
	var err error
	if d.User, err = parseUser(f.as); err != nil {
		return err
	}
	s, err := c.projectState(id)
	if err != nil {
		return err
	}
	q := questionFor(s, d.Verdict)
	if q == nil {
		return noEffect("project %s %s: it waits for %s", id, map[bool]string{true: "offers no actions", false: "has no open CPI request"}[d.Verdict == project.ChooseAction], cards.Waits(s.Waiting))
	}
	if !takes(q, d.Verdict) {
		return noEffect("project %s: %s has no effect now: %s; nothing was sent", id, what(d), standing(q))
	}
	d.Reason = f.reason
	if q.Kind == project.OfCPI {
		d.Amount = q.Required
	}
	if check != nil {
		if err := check(q, &d); err != nil {
			return err
		}
	}
	return c.submit(id, q, d, f.wait)
}

// questionFor is what a decision is about; nil if a project asks nothing of the kind.
func questionFor(s *project.State, verdict project.Verdict) *project.Question {
	a := s.OpenAction()
	if verdict == project.ChooseAction || verdict == project.TryAgain && a != nil && !s.Pause.ForCPI {
		return a
	}
	return s.OpenRequest()
}

// first is the amount of the first of two approvals; nil if there is none.
func first(q *project.Question) *prodege.USD {
	if n := len(q.Decisions); q.Phase == project.PhaseSecond && n > 0 {
		return q.Decisions[n-1].Amount
	}
	return nil
}

// fits refuses what can't count before anything is sent. The project may still refuse what it lets pass.
func fits(id prodege.ProjectID, q *project.Question, d project.Decision, amount *prodege.USD) error {
	asked := q.Required
	if d.Second {
		asked = d.UpTo
	}
	switch {
	case amount != nil && (asked == nil || !amount.Equal(*asked)):
		return noEffect("project %s asks for %s (generation %d), not %s; nothing was sent", id, dollars(asked), q.Generation, amount.Dollars())
	case d.UpTo == nil && q.Required == nil:
		return usageError("project %s: Prodege has not told an amount; give --up-to", id)
	case d.UpTo == nil || q.Required == nil:
		return nil
	case d.UpTo.Cmp(*q.Required) < 0:
		return noEffect("project %s asks for %s, which is above --up-to %s; nothing was sent", id, q.Required.Dollars(), d.UpTo.Dollars())
	}
	if most := project.MostApprovable(*q.Required, nil); d.UpTo.Cmp(most) > 0 {
		return noEffect("project %s: %s; nothing was sent", id, cards.AnswerPhrase(project.AnswerTooMuch, &most))
	}
	return nil
}

// takes reports whether a question takes a verdict: its message has the button in Slack.
func takes(q *project.Question, verdict project.Verdict) bool {
	switch verdict {
	case project.AskAgain:
		return q.Phase == project.PhaseExpired || q.Phase == project.PhaseRejected
	case project.TryAgain, project.Close:
		return q.Phase.Failed()
	case project.ChooseAction:
		return q.Phase == project.PhaseOpen || q.Phase.Failed()
	case project.Approve:
		return q.Phase == project.PhaseOpen || q.Phase == project.PhaseSecond
	}
	return q.Phase == project.PhaseOpen || q.Phase == project.PhaseSecond || q.Phase == project.PhaseOverLimit
}

// questionWords says where a question is.
func questionWords(q *project.Question) string {
	switch {
	case q == nil:
		return ""
	case q.Kind == project.OfAction:
		return cards.ActionLine(q)
	}
	return cards.RequestLine(q)
}

// standing says where a question is, and who decided last.
func standing(q *project.Question) string {
	text := questionWords(q)
	if q == nil {
		return ""
	}
	if n := len(q.Decisions); n > 0 {
		text += fmt.Sprintf(" (%s at %s)", cards.DecisionLine(q.Decisions[n-1]), stamp(q.Decisions[n-1].At))
	}
	return text
}

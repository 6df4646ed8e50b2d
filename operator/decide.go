package operator

import (
	"fmt"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// decideFlags are what the command line says of a decision.
type decideFlags struct {
	as     string
	amount string
	upTo   string
	reason string
	wait   time.Duration
}

// aUser is a Slack user id.
var aUser = regexp.MustCompile(`^[UW][A-Z0-9_]{1,62}$`)

func (o Options) approve() *cobra.Command {
	cmd, f := o.decision(project.Approve, help{
		use: "approve <project>", short: "Approve the required CPI of a project",
		long: "Approve the required CPI that a project asks for, as the person given by --as: a Slack user id, held to SLACK_APPROVERS\n" +
			"like any click. It binds to the amount and generation at the time the command reads them. With --amount it refuses if\n" +
			"another amount is asked for. --up-to takes at most twice what is required. The second of two approvals is for the amount\n" +
			"of the first.",
		example: "  fieldmarshal approve 29303649 --as U012AB3CD --amount 4.25\n  fieldmarshal approve 29303649 --as U012AB3CD --up-to 4.50",
	})
	cmd.Flags().StringVar(&f.amount, "amount", "", "the amount in dollars that must be the one asked for")
	cmd.Flags().StringVar(&f.upTo, "up-to", "", "approve up to this amount, at least what is asked for and at most twice that")
	return cmd
}

func (o Options) reject() *cobra.Command {
	cmd, f := o.decision(project.Reject, help{
		use: "reject <project>", short: "Reject the required CPI of a project",
		long: "Reject the required CPI that a project asks for, as the person given by --as: a Slack user id, held to SLACK_APPROVERS\n" +
			"like any click. The project stays paused.",
		example: "  fieldmarshal reject 29303649 --as U012AB3CD --reason \"the client stops here\"",
	})
	cmd.Flags().StringVar(&f.reason, "reason", "", "why, for the record and the message")
	return cmd
}

// further are the buttons that a message has once it can't be decided about any more, as commands.
func (o Options) further() []*cobra.Command {
	var cmds []*cobra.Command
	for _, f := range []struct {
		verdict     project.Verdict
		short, long string
	}{
		{project.AskAgain, "Ask again about a required CPI that was rejected, or that nobody decided about in time",
			"Open the expired or rejected CPI request of a project again, as the person given by --as: a Slack user id, held to\n" +
				"SLACK_APPROVERS. It does what the button Ask again does: the message asks anew, with the present figures. It approves nothing."},
		{project.TryAgain, "Try again what was decided and failed at Prodege",
			"Try again what was decided, an accepted CPI or an action from an alert, and Prodege refused, did not take within 30\n" +
				"minutes, or took without effect. It does what the button Try again does: it sends what was decided, and the project is\n" +
				"read first, so nothing is done twice."},
		{project.Close, "Give up an approved acceptance that failed at Prodege",
			"Give up the acceptance of an approved CPI that Prodege refused, did not take within 30 minutes, or took without effect.\n" +
				"It does what the button Close does: the project stays as it is at Prodege."},
	} {
		name := verdictName(f.verdict)
		cmd, _ := o.decision(f.verdict, help{name + " <project>", f.short, f.long, "  fieldmarshal " + name + " 29303649 --as U012AB3CD"})
		cmds = append(cmds, cmd)
	}
	return cmds
}

// decision makes a command that decides.
func (o Options) decision(verdict project.Verdict, h help) (*cobra.Command, *decideFlags) {
	f := &decideFlags{}
	h.long += " Exit code 0 only if the decision was recorded."
	cmd := o.command(h, one("the id of a project"), func(c *call) error { return c.decide(verdict, *f) })
	f.add(cmd)
	return cmd, f
}

func (f *decideFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.as, "as", "", "who decides: a Slack user id (required)")
	cmd.Flags().DurationVar(&f.wait, "wait", 10*time.Second, "how long to wait for the outcome")
}

// check checks --as and --wait.
func (f decideFlags) check() error {
	switch {
	case f.as == "":
		return usageError("--as is missing: who decides, a Slack user id (U… or W…; Copy member ID in a profile)")
	case !aUser.MatchString(f.as):
		return usageError("--as must be a Slack user id (U… or W…; Copy member ID in a profile), not %q", f.as)
	case f.wait <= 0:
		return usageError("--wait must be above 0")
	}
	return nil
}

// optionalUSD reads an amount that may be missing.
func optionalUSD(flag, text string) (*prodege.USD, error) {
	if text == "" {
		return nil, nil
	}
	amount, err := prodege.ParseUSD(text)
	if err != nil {
		return nil, usageError("%s: %w", flag, err)
	}
	return &amount, nil
}

// decide passes a decision on to what a project asks.
func (c *call) decide(verdict project.Verdict, f decideFlags) error {
	id, err := c.project()
	if err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	amount, err := optionalUSD("--amount", f.amount)
	if err != nil {
		return err
	}
	upTo, err := optionalUSD("--up-to", f.upTo)
	if err != nil {
		return err
	}
	s, err := c.projectState(id)
	if err != nil {
		return err
	}
	q := s.OpenRequest()
	if a := s.OpenAction(); verdict == project.TryAgain && a != nil && !s.Pause.ForCPI {
		q = a
	}
	if q == nil {
		return noEffect("project %s has no open CPI request: it waits for %s", id, cards.Waits(s.Waiting))
	}
	d := project.Decision{Verdict: verdict, Amount: q.Required, UpTo: upTo, Reason: f.reason, User: f.as}
	if first := first(q); verdict == project.Approve && upTo == nil && first != nil && (q.Required == nil || !first.Equal(*q.Required)) {
		d.UpTo, d.Second = first, true
	}
	if err := fits(s, q, d, amount); err != nil {
		return err
	}
	return c.submit(id, q, d, f.wait)
}

// first is the amount of the first of two approvals; nil if there is none.
func first(q *project.Question) *prodege.USD {
	if n := len(q.Decisions); q.Phase == project.PhaseSecond && n > 0 {
		return q.Decisions[n-1].Amount
	}
	return nil
}

// fits refuses what can't count before anything is sent. The project may still refuse what it lets pass.
func fits(s *project.State, q *project.Question, d project.Decision, amount *prodege.USD) error {
	asked := q.Required
	if d.Second {
		asked = d.UpTo
	}
	switch {
	case amount != nil && (asked == nil || !amount.Equal(*asked)):
		return noEffect("project %s asks for %s (generation %d), not %s; nothing was sent", s.ID, dollars(asked), q.Generation, amount.Dollars())
	case !takes(q, d.Verdict):
		return noEffect("project %s: %s has no effect now: %s; nothing was sent", s.ID, verdictName(d.Verdict), standing(q))
	case d.Verdict != project.Approve:
		return nil
	case d.UpTo == nil && q.Required == nil:
		return usageError("project %s: Prodege has not told an amount; give --up-to", s.ID)
	case d.UpTo == nil || q.Required == nil:
		return nil
	case d.UpTo.Cmp(*q.Required) < 0:
		return noEffect("project %s asks for %s, which is above --up-to %s; nothing was sent", s.ID, q.Required.Dollars(), d.UpTo.Dollars())
	}
	if most := project.MostApprovable(*q.Required, nil); d.UpTo.Cmp(most) > 0 {
		return noEffect("project %s: %s; nothing was sent", s.ID, cards.AnswerPhrase(project.AnswerTooMuch, &most))
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

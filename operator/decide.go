package operator

import (
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// deciding is what the command line of approve, reject and their like says.
type deciding struct {
	as     string
	amount string
	upTo   string
	reason string
	wait   time.Duration
}

// aUser is a Slack user id.
var aUser = regexp.MustCompile(`^[UW][A-Z0-9_]{1,62}$`)

func (o Options) approve() *cobra.Command {
	var d deciding
	cmd := o.command(words{
		use: "approve <project>", short: "Approve the required CPI of a project",
		long: "Approve the required CPI that a project asks for, as the person given by --as: a Slack user id, held to SLACK_APPROVERS\n" +
			"like any click. It binds to the amount and generation that stand when the command reads them. With --amount it refuses\n" +
			"where another amount is asked for. Then it says what came of it: exit code 0 only where the approval was recorded.",
		example: "  fieldmarshal approve 29303649 --as U012AB3CD --amount 4.25\n  fieldmarshal approve 29303649 --as U012AB3CD --up-to 4.50",
	}, one("the id of a project"), func(c *call) error { return c.decide(workflows.Decision{Verdict: verdictApprove}, d) })
	cmd.Flags().StringVar(&d.amount, "amount", "", "the amount in dollars that must be the one asked for")
	cmd.Flags().StringVar(&d.upTo, "up-to", "", "approve up to this amount, at least what is asked for")
	d.flags(cmd)
	return noFiles(cmd)
}

func (o Options) reject() *cobra.Command {
	var d deciding
	cmd := o.command(words{
		use: "reject <project>", short: "Reject the required CPI of a project",
		long: "Reject the required CPI that a project asks for, as the person given by --as: a Slack user id, held to SLACK_APPROVERS\n" +
			"like any click. The project stays paused. Exit code 0 only where the rejection was recorded.",
		example: "  fieldmarshal reject 29303649 --as U012AB3CD --reason \"the client stops here\"",
	}, one("the id of a project"), func(c *call) error { return c.decide(workflows.Decision{Verdict: verdictReject}, d) })
	cmd.Flags().StringVar(&d.reason, "reason", "", "why, for the record and the message")
	d.flags(cmd)
	return noFiles(cmd)
}

// The three below are the buttons that a request has once it can't be decided on any more.

func (o Options) askAgain() *cobra.Command {
	return o.further(workflows.Decision{Verdict: verdictAskAgain}, words{
		use: "ask-again <project>", short: "Ask again about a required CPI that nobody decided on in time",
		long: "Open the expired CPI request of a project again, as the person given by --as: a Slack user id, held to SLACK_APPROVERS.\n" +
			"It does what the button Ask again does: the message asks anew, with the figures of now. It approves nothing.",
		example: "  fieldmarshal ask-again 29303649 --as U012AB3CD",
	})
}

func (o Options) tryAgain() *cobra.Command {
	return o.further(workflows.Decision{Verdict: verdictTryAgain}, words{
		use: "try-again <project>", short: "Try an approved acceptance again that failed at Prodege",
		long: "Try the acceptance of an approved CPI again that Prodege refused, that was given up after 30 minutes, or after which the\n" +
			"project still stands still. It does what the button Try again does: the amount is the one that was approved, and the\n" +
			"project is read first, so nothing is accepted twice.",
		example: "  fieldmarshal try-again 29303649 --as U012AB3CD",
	})
}

func (o Options) giveUp() *cobra.Command {
	return o.further(workflows.Decision{Verdict: verdictClose}, words{
		use: "close <project>", short: "Give up an approved acceptance that failed at Prodege",
		long: "Give up the acceptance of an approved CPI that Prodege refused, that was given up after 30 minutes, or after which the\n" +
			"project still stands still. It does what the button Close does: the project stays as it is at Prodege.",
		example: "  fieldmarshal close 29303649 --as U012AB3CD",
	})
}

func (o Options) further(click workflows.Decision, w words) *cobra.Command {
	var d deciding
	w.long += " Exit code 0 only where it was recorded."
	cmd := o.command(w, one("the id of a project"), func(c *call) error { return c.decide(click, d) })
	d.flags(cmd)
	return noFiles(cmd)
}

func (d *deciding) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&d.as, "as", "", "who decides: a Slack user id (required)")
	cmd.Flags().DurationVar(&d.wait, "wait", 10*time.Second, "how long to wait for what comes of it")
}

// decider checks --as and --wait.
func decider(as string, wait time.Duration) error {
	switch {
	case as == "":
		return misused("--as is missing: who decides, a Slack user id (U… or W…; Copy member ID in a profile)")
	case !aUser.MatchString(as):
		return misused("--as must be a Slack user id (U… or W…; Copy member ID in a profile), not %q", as)
	case wait <= 0:
		return misused("--wait must be above nothing")
	}
	return nil
}

// amounts reads --amount and --up-to.
func (d deciding) amounts() (amount, upTo *prodege.USD, err error) {
	if err := decider(d.as, d.wait); err != nil {
		return nil, nil, err
	}
	for _, flag := range []struct {
		name, text string
		to         **prodege.USD
	}{{"--amount", d.amount, &amount}, {"--up-to", d.upTo, &upTo}} {
		if flag.text == "" {
			continue
		}
		usd, err := prodege.ParseUSD(flag.text)
		if err != nil {
			return nil, nil, misused("%s: %w", flag.name, err)
		}
		*flag.to = &usd
	}
	return amount, upTo, nil
}

// decide hands a decision to the open request of a project; click says which.
func (c *call) decide(click workflows.Decision, d deciding) error {
	id, err := c.project()
	if err != nil {
		return err
	}
	amount, upTo, err := d.amounts()
	if err != nil {
		return err
	}
	workflowID, a, err := c.request(id)
	if err != nil {
		return err
	}
	if err := fits(id, string(click.Verdict), a, amount, upTo); err != nil {
		return err
	}
	click = workflows.Decision{
		Click: "command-" + rand.Text(), Generation: a.Generation, Amount: a.Required, UpTo: upTo,
		User: d.as, Reason: d.reason, From: fromCommand, At: c.now().UTC(), Verdict: click.Verdict,
	}
	c.tell("Project %s asks to accept %s (generation %d): %s as %s.\n", id, dollars(a.Required), a.Generation, verdictWords(string(click.Verdict)), d.as)
	if err := c.handOver(id, workflowID, click, "the request was closed"); err != nil {
		return err
	}
	return c.tellOutcome(d.wait, a.PhaseAt, c.outcomeOfRequest(workflowID, click))
}

// handOver hands a decision to its workflow; closed says what it means that there is none any more.
func (c *call) handOver(id prodege.ProjectID, workflowID string, click workflows.Decision, closed string) error {
	ctx, cancel := c.within()
	defer cancel()
	err := c.world.Flows.Decide(ctx, workflowID, click)
	if errors.Is(err, workflows.ErrClosed) {
		return inVain("project %s: %s just now; nothing was recorded", id, closed)
	}
	if err != nil {
		return c.reached(err, fmt.Sprintf("hand over the decision on project %s; whether it arrived is not known", id))
	}
	return nil
}

// request finds the open request of a project.
func (c *call) request(id prodege.ProjectID) (string, workflows.ApprovalState, error) {
	p, err := c.projectState(id)
	if err != nil {
		return "", workflows.ApprovalState{}, err
	}
	open := p.OpenRequest()
	switch {
	case open == nil:
		return "", workflows.ApprovalState{}, inVain("project %s has no open CPI request: it is %s and waits for %s", id, or(string(p.Status), "new"), waitsFor(p))
	case !open.Started:
		return "", workflows.ApprovalState{}, inVain("project %s: its request begins once the acceptance in flight has ended; try again then", id)
	}
	ctx, cancel := c.within()
	defer cancel()
	a, err := c.world.Flows.Approval(ctx, open.Workflow)
	return open.Workflow, a, c.reached(err, fmt.Sprintf("the CPI request of project %s", id))
}

// fits refuses what can't count before anything is sent. What it lets pass the workflow may refuse still.
func fits(id prodege.ProjectID, verdict string, a workflows.ApprovalState, amount, upTo *prodege.USD) error {
	switch {
	case amount != nil && (a.Required == nil || !amount.Equal(*a.Required)):
		return inVain("project %s asks for %s (generation %d), not %s; nothing was sent", id, dollars(a.Required), a.Generation, amount.Dollars())
	case !takes(verdict, string(a.Phase)):
		return inVain("project %s: %s does not fit the request for %s now: %s%s; nothing was sent", id, verdictWords(verdict), dollars(a.Required), phaseWords(string(a.Phase)), decidedBy(a))
	}
	if verdict != verdictApprove {
		return nil
	}
	switch {
	case upTo != nil && a.Required != nil && upTo.Cmp(*a.Required) < 0:
		return inVain("project %s asks for %s, which is above --up-to %s; nothing was sent", id, dollars(a.Required), upTo.Dollars())
	case upTo == nil && a.Required == nil:
		return misused("project %s: Prodege has not told an amount; give --up-to", id)
	}
	return nil
}

// takes says whether a request in that phase takes a verdict: the phase has its button in Slack.
func takes(verdict, phase string) bool {
	switch verdict {
	case verdictAskAgain:
		return phase == "expired"
	case verdictTryAgain, verdictClose:
		return phase == "refused" || phase == "stopped" || phase == "still"
	}
	return phase == "open" || phase == "second" || phase == "overlimit"
}

// decidedBy names who decided last, where somebody did.
func decidedBy(a workflows.ApprovalState) string {
	if len(a.Decisions) == 0 {
		return ""
	}
	d := a.Decisions[len(a.Decisions)-1]
	return fmt.Sprintf(" (%s by %s at %s)", verdictWords(string(d.Verdict)), or(d.User, "rule"), stamp(d.At))
}

// tell says in words what happens, on the way; with --json it is silent.
func (c *call) tell(format string, args ...any) {
	if !c.json {
		fmt.Fprint(c.cmd.OutOrStdout(), printable(fmt.Sprintf(format, args...)))
	}
}

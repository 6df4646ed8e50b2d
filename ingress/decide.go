package ingress

import (
	"context"
	"errors"
	"time"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

const (
	// Slack gives an interaction three seconds in all (docs.slack.dev, handling user interaction): what is
	// left is for the way and for the answer.
	interactionTimeout = 2600 * time.Millisecond
	decideTimeout      = 2 * time.Second
	approversTimeout   = 1200 * time.Millisecond
	outcomeTimeout     = time.Second // for the outcome of a request that is closed
	tellTimeout        = 4 * time.Second
)

// decide checks who clicks and hands the decision to its workflow. It returns "" once Temporal has it, else
// why it does not count. Only Temporal's having it counts: the workflow checks everything again.
func (in *Ingress) decide(ctx context.Context, who person, workflowID string, d workflows.Decision) cards.AnswerKind {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), interactionTimeout)
	defer cancel()
	kind := in.admit(ctx, who, d)
	if kind == "" {
		d.User, d.Channel, d.At = who.user, who.channel, in.now().UTC()
		kind = in.signal(ctx, workflowID, d)
	}
	outcome := string(kind)
	if kind == "" {
		outcome = "taken"
	}
	in.metrics.clicks.WithLabelValues(outcome).Inc()
	in.log.Info("click", "outcome", outcome, "workflow_id", workflowID, "verdict", string(d.Verdict), "user", who.user, "click", d.Click)
	return kind
}

// admit says why someone may not decide; "" where they may. Finance is another team than the approvers, and
// making an invoice accepts nothing at Prodege: there, as where no list is set, anyone of our workspace may. A
// button that only pretends to be of an invoice gains nothing, as a CPI request asks for the list itself.
func (in *Ingress) admit(ctx context.Context, who person, d workflows.Decision) cards.AnswerKind {
	ofInvoice := d.Revision > 0
	own, err := in.team.get(ctx)
	switch {
	case err != nil:
		in.log.Error("our own workspace is not known, so no click counts: is SLACK_BOT_TOKEN right?", "error", err)
		return cards.AnswerNotTaken
	case who.team != own, (in.options.Anyone || ofInvoice) && who.userTeam != "" && who.userTeam != own:
		return cards.AnswerForeign
	case ofInvoice:
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, approversTimeout)
	defer cancel()
	allowed, known := in.options.Approvers.May(ctx, who.user)
	switch {
	case !known:
		return cards.AnswerNoList
	case !allowed:
		return cards.AnswerNotAllowed
	}
	return ""
}

func (in *Ingress) signal(ctx context.Context, workflowID string, d workflows.Decision) cards.AnswerKind {
	ctx, cancel := context.WithTimeout(ctx, decideTimeout)
	defer cancel()
	err := in.options.Workflows.Decide(ctx, workflowID, d)
	switch {
	case err == nil:
		return ""
	case errors.Is(err, workflows.ErrClosed):
		return cards.AnswerClosed
	}
	in.log.Error("Temporal does not take a click", "workflow_id", workflowID, "error", err)
	return cards.AnswerNotTaken
}

// vain is what a person is told whose click did not count. Of a closed request the outcome is told where it
// is known in time.
func (in *Ingress) vain(ctx context.Context, kind cards.AnswerKind, b cards.Button) cards.Message {
	a := cards.Answer{Kind: kind, Project: project(b.Project), OfPause: b.OfAction(), Simulated: in.options.Simulated}
	if kind == cards.AnswerClosed && b.Revision == 0 {
		ctx, cancel := context.WithTimeout(ctx, outcomeTimeout)
		defer cancel()
		if state, err := in.options.Workflows.Approval(ctx, b.Workflow); err == nil {
			a.Phase, a.Amount = state.Phase, state.Required
			if state.Project.ID == b.Project {
				a.Project = state.Project
			}
			if n := len(state.Decisions); n > 0 {
				a.Decision = &state.Decisions[n-1]
			}
		}
	}
	return cards.Card{Answer: &a}.Message()
}

// mismatch is the answer to a button that can't be read.
func (in *Ingress) mismatch(id prodege.ProjectID) cards.Message {
	return cards.Card{Answer: &cards.Answer{Kind: cards.AnswerMismatch, Project: project(id), Simulated: in.options.Simulated}}.Message()
}

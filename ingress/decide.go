package ingress

import (
	"cmp"
	"context"
	"errors"
	"time"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

const (
	// interactionTimeout is for the lookups and the signal of a click together. Slack waits three seconds for the answer
	// (docs.slack.dev, handling user interaction); the rest is for the network.
	interactionTimeout = 2500 * time.Millisecond
	approversTimeout   = 1200 * time.Millisecond // part of it; leaves time for the signal
	outcomeTimeout     = time.Second             // to ask how a closed request ended, after the answer
	tellTimeout        = 4 * time.Second         // to answer whoever clicked, after the HTTP answer
)

// decide checks who clicked and signals the decision to its project. It returns AnswerRecorded once Temporal has it, or else
// why it does not count. The project checks everything again.
func (in *Ingress) decide(ctx context.Context, who person, id prodege.ProjectID, d project.Decision) project.AnswerKind {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), interactionTimeout)
	defer cancel()
	kind := in.mayDecide(ctx, who, d.Of)
	if kind == "" {
		d.User, d.At = who.user, in.now().UTC()
		switch err := in.options.Workflows.Decide(ctx, id, d); {
		case err == nil:
			kind = project.AnswerRecorded
		case errors.Is(err, workflows.ErrClosed):
			kind = project.AnswerClosed
		default:
			in.log.Error("Temporal did not accept a click", "project_id", id.String(), "error", err)
			kind = project.AnswerNotRecorded
		}
	}
	in.metrics.clicks.WithLabelValues(string(kind)).Inc()
	in.log.Info("click", "outcome", string(kind), "project_id", id.String(), "verdict", string(d.Verdict), "user", who.user, "click", d.ID)
	return kind
}

// mayDecide returns why somebody may not decide; empty if they may. Any member of our workspace may decide about an invoice,
// because finance need not be approvers and an invoice spends nothing at Prodege, and about anything if SLACK_APPROVERS is
// anyone.
func (in *Ingress) mayDecide(ctx context.Context, who person, of project.QuestionKind) project.AnswerKind {
	ofInvoice := of == project.OfInvoice
	own, err := in.team.get(ctx)
	switch {
	case err != nil:
		in.log.Error("our own workspace is unknown, so no click counts: is SLACK_BOT_TOKEN right?", "error", err)
		return project.AnswerNotRecorded
	case !who.isFrom(own), (in.options.Anyone || ofInvoice) && in.isOutsider(ctx, who, own):
		return project.AnswerForeign
	case ofInvoice:
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, approversTimeout)
	defer cancel()
	allowed, known := in.options.Approvers.May(ctx, who.user)
	switch {
	case !known:
		return project.AnswerNoList
	case !allowed && in.options.Approvers.Nobody(ctx):
		return project.AnswerNobody
	case !allowed:
		return project.AnswerNotAllowed
	}
	return ""
}

// isOutsider reports whether somebody in our channel belongs to another workspace, or to another organization if the app is
// installed for a whole one; also if that is unknown.
func (in *Ingress) isOutsider(ctx context.Context, who person, own string) bool {
	if isOrganization(own) {
		return in.isGuest(ctx, who.user)
	}
	return who.userTeam != "" && who.userTeam != own
}

// answerTo returns the ephemeral message for the person who clicked. If the project is closed it says how the request ended,
// provided that the workflow answers in time.
func (in *Ingress) answerTo(ctx context.Context, kind project.AnswerKind, b cards.Button, d project.Decision) cards.Message {
	a := project.Answer{Kind: kind, Project: project.Name{ID: b.Project, Name: b.Name}, OfPause: b.OfAction(), OfInvoice: b.Revision > 0,
		Simulated: in.options.Simulated}
	switch {
	case kind == project.AnswerRecorded:
		a.Verdict, a.Amount = d.Verdict, cmp.Or(d.UpTo, d.Amount)
		a.Decision = &project.Decided{Verdict: d.Verdict, User: d.User, Amount: a.Amount,
			Action: d.Action, Number: d.Number, At: in.now(), From: d.From}
	case kind == project.AnswerClosed && !a.OfInvoice:
		in.addOutcome(ctx, &a, b)
	}
	return cards.Render(project.Card{Answer: &a})
}

// addOutcome adds how the request of a closed project ended.
func (in *Ingress) addOutcome(ctx context.Context, a *project.Answer, b cards.Button) {
	ctx, cancel := context.WithTimeout(ctx, outcomeTimeout)
	defer cancel()
	state, err := in.options.Workflows.Project(ctx, b.Project)
	if err != nil {
		return
	}
	if state.Name.Name != "" {
		a.Project.Name, a.Project.PONumber = state.Name.Name, state.Name.PONumber
	}
	for _, q := range []*project.Question{state.Request, state.Action, state.Former} {
		if q == nil || q.ID != b.Request || (q.Kind == project.OfAction) != b.OfAction() {
			continue
		}
		a.Phase, a.Amount = q.Phase, q.Required
		if n := len(q.Decisions); n > 0 {
			a.Decision = &q.Decisions[n-1]
		}
		return
	}
}

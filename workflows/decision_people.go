package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// rewriteAfter is when the message is written once more after a click: an edit that the ingress made by
// response_url may come late and must not be the last word.
const rewriteAfter = 5 * time.Second

// hearPeople considers the clicks that came.
func (d *deciding) hearPeople(ctx workflow.Context) {
	for _, decision := range Decide.drain(ctx) {
		d.consider(ctx, decision)
		d.matter.draw(ctx)
		d.matter.rewrite(ctx)
		d.s.WriteAgain = workflow.Now(ctx).Add(rewriteAfter)
	}
}

func (d *deciding) consider(ctx workflow.Context, decision Decision) {
	if !d.s.Clicks.first(decision.Click) {
		return
	}
	may := mayDecide(ctx, decision.User)
	d.hearProject(ctx) // money waits for the newest word on the project
	d.hearProdege(ctx)
	switch {
	case !may.Known:
		d.answer(ctx, decision, activities.AnswerNoList)
	case !may.Allowed:
		d.answer(ctx, decision, activities.AnswerNotAllowed)
	case decision.Verdict == activities.VerdictTryAgain:
		d.tryAgain(ctx, decision)
	default:
		d.matter.decide(ctx, decision)
	}
}

// failed says whether the last act did not come to its end.
func (d *deciding) failed() bool {
	return d.s.Phase == activities.PhaseRefused || d.s.Phase == activities.PhaseStopped || d.s.Phase == activities.PhaseStill
}

// afterFailure says whether a decision about what failed counts, and answers it where it does not.
func (d *deciding) afterFailure(ctx workflow.Context, decision Decision) (amount *prodege.USD, counts bool) {
	amount, any := d.matter.decidedOn()
	switch {
	case d.s.Ended != nil:
		d.answer(ctx, decision, activities.AnswerClosed)
	case decision.Generation != d.s.Generation:
		d.answer(ctx, decision, activities.AnswerSuperseded)
	case !d.failed() || !any || d.acting != nil:
		d.answer(ctx, decision, activities.AnswerNotNow)
	default:
		return amount, true
	}
	return nil, false
}

// tryAgain sends once more what was decided. It stands in the record with what it repeats.
func (d *deciding) tryAgain(ctx workflow.Context, decision Decision) {
	if amount, counts := d.afterFailure(ctx, decision); counts {
		decision.Action, decision.Number = d.decided().Action, d.decided().Number
		d.record(ctx, decision, amount)
		d.act(ctx)
	}
}

// record keeps a decision, here and in the Project's ledger.
func (d *deciding) record(ctx workflow.Context, decision Decision, amount *prodege.USD) {
	dry := d.s.Settings.DryRun
	decided := activities.Decided{Verdict: decision.Verdict, User: decision.User, Amount: amount, Reason: cut(decision.Reason, 500), At: decision.At,
		From: decision.From, DryRun: dry, Action: decision.Action, Number: decision.Number}
	if decided.At.IsZero() {
		decided.At = workflow.Now(ctx)
	}
	d.s.Decisions = append(d.s.Decisions, decided)
	what := string(decision.Verdict)
	if decision.Verdict == activities.VerdictAct {
		what = actionWords(decided)
	}
	if decision.Reason != "" {
		what += ": " + decision.Reason
	}
	line := &Line{At: workflow.Now(ctx), Kind: LineDecision, What: what, Amount: amount, By: decision.User, From: decision.From, Ref: string(d.ref), DryRun: dry}
	d.tell(ctx, Outcome{Line: line, Decision: &decided, Automatic: decision.From == activities.FromRule, Cost: d.matter.cost(decided)})
}

// decided is the newest decision of this generation.
func (d *deciding) decided() *activities.Decided {
	if len(d.s.Decisions) == 0 {
		return nil
	}
	return &d.s.Decisions[len(d.s.Decisions)-1]
}

// maxAnswers is how many vain clicks are remembered for people to look up.
const maxAnswers = 20

// Answered is a click that did nothing, and why.
type Answered struct {
	Click  string                `json:"click"`
	User   string                `json:"user"`
	Kind   activities.AnswerKind `json:"kind"`
	Amount *prodege.USD          `json:"amount,omitempty"` // the amount asked for now; with over_ceiling, the ceiling
	At     time.Time             `json:"at"`
}

// answer tells the clicker alone why the click did nothing. One from the command line finds it in the state.
func (d *deciding) answer(ctx workflow.Context, decision Decision, kind activities.AnswerKind) {
	amount := d.matter.asked(kind)
	d.s.Answers = append(d.s.Answers, Answered{Click: decision.Click, User: decision.User, Kind: kind, Amount: amount, At: workflow.Now(ctx)})
	if len(d.s.Answers) > maxAnswers {
		d.s.Answers = append([]Answered(nil), d.s.Answers[len(d.s.Answers)-maxAnswers:]...)
	}
	workflow.GetLogger(ctx).Info("click without effect", "project_id", d.project.ID.String(), "user", decision.User, "verdict", string(decision.Verdict), "why", string(kind))
	if decision.Channel == "" {
		return
	}
	answer := &activities.Answer{Kind: kind, Project: *d.project, Phase: d.s.Phase, Amount: amount, Decision: d.decided(), OfPause: d.matter.ofPause(), Simulated: d.s.Settings.Simulated}
	d.board.whisper("answer-"+seenKey(decision.Click), decision.Channel, decision.User, activities.Card{Answer: answer}, string(kind))
}

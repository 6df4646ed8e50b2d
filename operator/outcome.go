package operator

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// Decided is what came of a decision, as approve, reject, act and their like answer it in JSON.
type Decided struct {
	Project    prodege.ProjectID `json:"project_id"`
	Workflow   string            `json:"workflow"` // of the request, or of what is done from an alert
	Generation int               `json:"generation"`
	Verdict    string            `json:"verdict"`
	Amount     *prodege.USD      `json:"amount,omitempty"` // what was decided on
	Action     string            `json:"action,omitempty"` // what is done
	Number     int64             `json:"number,omitempty"` // clicks or sample size, as it asks
	By         string            `json:"by"`
	Click      string            `json:"click"`
	Recorded   bool              `json:"recorded"`
	Why        string            `json:"why,omitempty"` // it did not count
	Phase      string            `json:"phase"`
	Words      string            `json:"words"` // where it stands now

	phaseAt time.Time // since when it stands so
}

// lookEvery is how often a request is asked what became of a decision.
const lookEvery = 200 * time.Millisecond

// tellOutcome looks until it is known what came of the decision, and where it was recorded a little longer: until
// the phase that was entered at since is left, and Prodege has answered.
func (c *call) tellOutcome(wait time.Duration, since time.Time, outcome func(context.Context) (d Decided, known bool)) error {
	ctx, cancel := context.WithTimeout(c.ctx, wait)
	defer cancel()
	var last Decided
	known := false
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		if now, seen := outcome(ctx); seen {
			last, known = now, true
		}
		if known && (!last.Recorded || !last.phaseAt.Equal(since) && last.Phase != "approved") {
			break
		}
		select {
		case <-look.C:
			continue
		case <-ctx.Done():
		}
		break
	}
	if !known {
		return failed("the decision was handed over, and nothing is known of it after %s: the workflow considers it once a worker runs and Slack tells who may decide. Look with `fieldmarshal state %s`; do not repeat it before", wait, c.args[0])
	}
	if err := c.show(last, func(p *page) { p.line("%s", last.sentence()) }); err != nil {
		return err
	}
	if !last.Recorded {
		return said(ExitVain)
	}
	return nil
}

// outcomeOfRequest reads from a request what came of a decision.
func (c *call) outcomeOfRequest(workflowID string, click workflows.Decision) func(context.Context) (Decided, bool) {
	return func(ctx context.Context) (Decided, bool) {
		a, err := c.world.Flows.Approval(ctx, workflowID)
		if err != nil {
			return Decided{}, false
		}
		// A decision of a generation that is over by now has moved to the earlier ones.
		a.Decisions = slices.Concat(a.Decisions, a.Earlier)
		return outcomeOf(Decided{Project: a.Project.ID, Workflow: workflowID, Words: phaseWords(string(a.Phase))}, a.DecisionState, click)
	}
}

// outcomeOf reads from a state what came of a click; known is false where it was not considered yet.
func outcomeOf(d Decided, a workflows.DecisionState, click workflows.Decision) (_ Decided, known bool) {
	d.Generation, d.Verdict, d.By, d.Click, d.Phase, d.phaseAt = click.Generation, string(click.Verdict), click.User, click.Click, string(a.Phase), a.PhaseAt
	d.Action, d.Number = string(click.Action), click.Number
	for _, vain := range a.Answers {
		if vain.Click == click.Click {
			d.Why = answerWords(vain)
			return d, true
		}
	}
	for _, made := range a.Decisions {
		if made.At.Equal(click.At) && made.User == click.User && made.From == click.From {
			d.Recorded, d.Amount = true, made.Amount
			return d, true
		}
	}
	return d, false
}

func (d Decided) sentence() string {
	if !d.Recorded {
		return fmt.Sprintf("It did NOT count: %s. It stands: %s.", d.Why, d.Words)
	}
	if d.Action != "" || d.Amount == nil {
		return fmt.Sprintf("Recorded: %s by %s. It stands: %s.", d.what(), d.By, d.Words)
	}
	return fmt.Sprintf("Recorded: %s of %s by %s. The request: %s.", verdictWords(d.Verdict), dollars(d.Amount), d.By, d.Words)
}

// what names a decision that is about no amount: "sample 600", "try again".
func (d Decided) what() string {
	text := strings.TrimPrefix(or(d.Action, verdictWords(d.Verdict)), "act_")
	if d.Number != 0 {
		text += fmt.Sprintf(" %d", d.Number)
	}
	return text
}

package operator

import (
	"cmp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// further are the buttons of a message that can't be decided about any more.
var further = []struct {
	verdict     project.Verdict
	label, know string
}{
	{project.AskAgain, "Ask again", "The message asks anew, with the present figures. Nothing is approved."},
	{project.TryAgain, "Try again", "What was decided is sent once more. The project is read first, so nothing is done twice."},
	{project.Close, "Close", "The acceptance is given up. The project stays as it is at Prodege."},
}

func (o Options) act() *cobra.Command {
	f, yes := newDecideFlags(), false
	cmd := o.deciding("act <project> ["+strings.Join(actNames(), "|")+"] [number]", f, 3, "the id of a project, an action, and its number if it needs one", func(c *call, id prodege.ProjectID) error {
		if len(c.args) == 1 {
			return c.offers(id)
		}
		d, err := chosen(c.args[1:])
		if err != nil {
			return err
		}
		return c.decide(id, *f, d, func(q *project.Question, d *project.Decision) error { return c.checkOffer(id, q, d, yes) })
	})
	f.addNote(cmd)
	cmd.Flags().BoolVar(&yes, "yes", false, "complete: do not ask, although it can't be undone")
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 1 {
			return actNames(), cobra.ShellCompDirectiveNoFileComp
		}
		return o.completeProjects(cmd, args, typed)
	}
	return cmd
}

// actName is an action as the command line names it: sample for act_sample.
func actName(id prodege.ActionID) string { return strings.TrimPrefix(string(id), "act_") }

func actNames() (names []string) {
	for _, id := range prodege.ActionIDs() {
		names = append(names, actName(id))
	}
	for _, f := range further {
		names = append(names, verdictName(f.verdict))
	}
	return names
}

// chosen reads an action and its number, before anybody is asked.
func chosen(args []string) (d project.Decision, err error) {
	name := actName(prodege.ActionID(args[0]))
	if err := oneOf("action", name, actNames()); err != nil {
		return d, err
	}
	d = project.Decision{Verdict: project.ChooseAction, Action: prodege.ActionID("act_" + name)}
	for _, f := range further {
		if verdictName(f.verdict) == name {
			d = project.Decision{Verdict: f.verdict}
		}
	}
	asks := d.Action.Row().Asks
	if len(args) == 2 {
		if asks == prodege.AsksNothing {
			return d, usageError("%s takes no number", name)
		}
		if d.Number, err = parseCount(args[1]); err != nil {
			return d, err
		}
	}
	if !(prodege.Action{Asks: asks}).Fits(d.Number) {
		return d, usageError("%s needs a number from 1 to %d after it: %s", name, prodege.MaxNumber, words(asks))
	}
	return d, nil
}

func words(asks prodege.Asks) string { return strings.ReplaceAll(string(asks), "_", " ") }

// what is a decision as the command line names it.
func what(d project.Decision) string { return cmp.Or(actName(d.Action), verdictName(d.Verdict)) }

// checkOffer refuses what is not offered, and asks before what can't be undone.
func (c *call) checkOffer(id prodege.ProjectID, q *project.Question, d *project.Decision, yes bool) error {
	if d.Verdict != project.ChooseAction {
		return nil
	}
	i := slices.IndexFunc(q.Offers, func(a prodege.Action) bool { return a.ID == d.Action })
	if i < 0 {
		return noEffect("project %s, paused for reason %d, does not offer %q; see `fieldmarshal act %s`", id, q.Event.ActionReason(), what(*d), id)
	}
	row := q.Offers[i]
	if now := q.Figures; row.Asks == prodege.AsksSample && now != nil && now.Wanted > 0 {
		present := max(now.Wanted, now.Completes)
		if most := project.MostSample(present); d.Number <= present || d.Number > most {
			return noEffect("project %s: the sample size is %d now; a new one must be above that and at most %d, not %d; nothing was sent", id, present, most, d.Number)
		}
	}
	if row.Status == prodege.Complete && !yes && !c.yes(row.Confirm+"\n"+row.Label+"?") {
		return usageError("project %s was not completed: nobody confirmed (answer yes, or give --yes)", id)
	}
	return nil
}

// Offered is what act answers without an action.
type Offered struct {
	Project    prodege.ProjectID `json:"project_id"`
	Generation int               `json:"generation"`
	Reason     prodege.Reason    `json:"update_reason"`
	Phase      project.Phase     `json:"phase"`
	Words      string            `json:"words"`
	Offers     []Offer           `json:"offers"`
}

// Offer is one thing that can be done.
type Offer struct {
	Action  string `json:"action"`
	Label   string `json:"label"`
	Asks    string `json:"asks,omitempty"`
	Confirm string `json:"confirm"`
}

// offers shows what can be done.
func (c *call) offers(id prodege.ProjectID) error {
	s, err := c.projectState(id)
	if err != nil {
		return err
	}
	q := cmp.Or(s.OpenAction(), s.OpenRequest())
	if q == nil {
		return noEffect("project %s offers no actions: it waits for %s", id, cards.Waits(s.Waiting))
	}
	o := Offered{Project: id, Generation: q.Generation, Reason: q.Event.ActionReason(), Phase: q.Phase, Words: standing(q), Offers: []Offer{}}
	for _, f := range further {
		if takes(q, f.verdict) && (q.Kind == project.OfCPI || f.verdict == project.TryAgain) {
			o.Offers = append(o.Offers, Offer{Action: verdictName(f.verdict), Label: f.label, Confirm: f.know})
		}
	}
	if q.Kind == project.OfAction && takes(q, project.ChooseAction) {
		for _, row := range q.Offers {
			o.Offers = append(o.Offers, Offer{actName(row.ID), row.Label, string(row.Asks), row.Confirm})
		}
	}
	err = c.show(o, func(p *page) {
		p.line("Project %s, paused for %s: %s.", id, reason(prodege.Paused, o.Reason, ""), o.Words)
		switch {
		case len(o.Offers) > 0:
			table(p, []string{"ACTION", "DOES", "ASKS", "KNOW"}, o.Offers, func(o Offer) []any {
				return []any{o.Action, o.Label, cmp.Or(words(prodege.Asks(o.Asks)), "-"), o.Confirm}
			})
			p.line("\nfieldmarshal act %s <action> --as U…", id)
		case q.Kind == project.OfCPI && takes(q, project.Reject):
			p.line("Decide with `fieldmarshal approve %s --as U…` or `fieldmarshal reject %[1]s --as U…`.", id)
		default:
			p.line("Nothing can be done about it from here now.")
		}
	})
	if err == nil && len(o.Offers) == 0 {
		return &Fault{Code: ExitNoEffect}
	}
	return err
}

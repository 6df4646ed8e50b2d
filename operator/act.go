package operator

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// further are the buttons of a message that can't be decided about any more.
var further = []Offer{
	{"ask-again", "Ask again", "", "The message asks anew, with the present figures. Nothing is approved."},
	{"try-again", "Try again", "", "What was decided is sent once more. The project is read first, so nothing is done twice."},
	{"close", "Close", "", "The acceptance is given up. The project stays as it is at Prodege."},
}

func (o Options) act() *cobra.Command {
	var f decideFlags
	yes := false
	names := actNames()
	cmd := o.about("act <project> ["+strings.Join(names, "|")+"] [number]", func(c *call, id prodege.ProjectID) error {
		if len(c.args) == 1 {
			return c.offers(id)
		}
		d, err := readAct(c.args[1:])
		if err != nil {
			return err
		}
		return c.decide(id, f, d, func(q *project.Question, d *project.Decision) error { return c.checkOffer(id, q, d, yes) })
	})
	f.flags(cmd)
	cmd.Flags().BoolVar(&yes, "yes", false, "for complete: do not ask for confirmation, although it can't be undone")
	cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) (words []string, _ cobra.ShellCompDirective) {
		if len(args) == 1 {
			words = names
		}
		return words, cobra.ShellCompDirectiveNoFileComp
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
		names = append(names, f.Action)
	}
	return names
}

// readAct reads an action and its number.
func readAct(args []string) (d project.Decision, err error) {
	name := args[0]
	if !slices.Contains(actNames(), name) {
		return d, usageError("action %q is none of %s%s", name, strings.Join(actNames(), ", "), didYouMean("", name, actNames()))
	}
	d = project.Decision{Verdict: project.ChooseAction, Action: prodege.ActionID("act_" + name)}
	if slices.ContainsFunc(further, func(f Offer) bool { return f.Action == name }) {
		d = project.Decision{Verdict: project.Verdict(strings.ReplaceAll(name, "-", "_"))}
	}
	if len(args) == 2 {
		if d.Number, err = strconv.ParseInt(prodege.Ungrouped(args[1]), 10, 64); err != nil || d.Number < 1 {
			return d, usageError("%q is not a whole number above 0", args[1])
		}
	}
	switch asks := d.Action.Row().Asks; {
	case (prodege.Action{Asks: asks}).Fits(d.Number):
		return d, nil
	case asks == prodege.AsksNothing:
		return d, usageError("%s takes no number", name)
	default:
		return d, usageError("%s needs a number from 1 to %d after it: %s", name, prodege.MaxNumber, words(asks))
	}
}

func words(asks prodege.Asks) string { return strings.ReplaceAll(string(asks), "_", " ") }

// checkOffer refuses what is not offered, and asks before what can't be undone.
func (c *call) checkOffer(id prodege.ProjectID, q *project.Question, d *project.Decision, yes bool) error {
	if d.Verdict != project.ChooseAction {
		return nil
	}
	i := slices.IndexFunc(q.Offers, func(a prodege.Action) bool { return a.ID == d.Action })
	if i < 0 || !slices.ContainsFunc(offered(q), func(o Offer) bool { return o.Action == actName(d.Action) }) {
		return noEffect("project %s does not offer %q now: %s; see `fieldmarshal act %[1]s`", id, actName(d.Action), standing(q))
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
	Project prodege.ProjectID `json:"project_id"`
	Words   string            `json:"words"`
	Offers  []Offer           `json:"offers"`
}

// Offer is one thing that can be done.
type Offer struct {
	Action  string `json:"action"`
	Label   string `json:"label"`
	Asks    string `json:"asks,omitempty"`
	Confirm string `json:"confirm"`
}

// offered are the buttons that the message of a question has besides approve and reject.
func offered(q *project.Question) []Offer {
	offers := []Offer{}
	switch {
	case q.Kind == project.OfCPI && q.Phase.Failed():
		offers = append(offers, further[1:]...)
	case q.Phase.Failed():
		offers = append(offers, further[1])
	case q.Phase == project.PhaseExpired, q.Phase == project.PhaseRejected:
		offers = append(offers, further[0])
	}
	if q.Kind == project.OfAction && (q.Phase == project.PhaseOpen || q.Phase.Failed()) {
		for _, row := range q.Offers {
			offers = append(offers, Offer{actName(row.ID), row.Label, words(row.Asks), row.Confirm})
		}
	}
	return offers
}

// offers shows what can be done.
func (c *call) offers(id prodege.ProjectID) error {
	s, err := c.projectState(id)
	if err != nil {
		return err
	}
	o := Offered{Project: id, Words: "it waits for " + cards.Waits(s.Waiting), Offers: []Offer{}}
	if q := cmp.Or(s.OpenAction(), s.OpenRequest()); q != nil {
		o.Words, o.Offers = standing(q), offered(q)
	}
	err = c.show(o, func(p *page) {
		p.line("Project %s: %s.", id, o.Words)
		table(p, "ACTION|DOES|ASKS|KNOW", o.Offers, func(o Offer) []any { return []any{o.Action, o.Label, cmp.Or(o.Asks, "-"), o.Confirm} })
	})
	if err == nil && len(o.Offers) == 0 {
		return &Fault{ExitNoEffect, fmt.Errorf("project %s offers no actions now", id)}
	}
	return err
}

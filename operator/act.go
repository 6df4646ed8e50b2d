package operator

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// actFlags are what the command line of act says.
type actFlags struct {
	decideFlags
	what       string // the action's name here, or again; empty: what is offered
	number     int64
	clicks     int64
	sampleSize int64
	yes        bool
}

// again is the word for trying once more what was decided.
const again = "again"

func (o Options) act() *cobra.Command {
	var f actFlags
	cmd := o.command(help{
		use: "act <project> [" + strings.Join(actNames(), "|") + "] [number]", short: "Act on a paused project, as from its alert",
		long: "Do what the alert of a paused project offers, as the person given by --as: a Slack user id, held to SLACK_APPROVERS like\n" +
			"any click. It binds to the pause at the time the command reads it; the project is read at Prodege before anything is sent.\n" +
			"Without an action it shows what is offered; if nothing is, why, with exit code 3. “again” tries again what failed. A sample\n" +
			"size can at most be doubled. With an action exit code 0 only if the decision was recorded.",
		example: "  fieldmarshal act 29303649\n  fieldmarshal act 29303649 sample 600 --as U012AB3CD\n" +
			"  fieldmarshal act 29303649 clicks 500 --as U012AB3CD\n  fieldmarshal act 29303649 complete --as U012AB3CD --yes",
	}, between(1, 3, "the id of a project, an action, and its number if it needs one"), func(c *call) error {
		f := f
		if err := f.read(c.args[1:]); err != nil {
			return err
		}
		return c.act(f)
	})
	f.add(cmd)
	cmd.Flags().Int64Var(&f.clicks, "clicks", 0, "how many clicks to allow from now on; the same as a number after clicks")
	cmd.Flags().Int64Var(&f.sampleSize, "sample-size", 0, "completes wanted in all, more than now; the same as a number after sample")
	cmd.Flags().StringVar(&f.reason, "note", "", "a note for the record")
	cmd.Flags().BoolVar(&f.yes, "yes", false, "complete: do not ask, although it can't be undone")
	return cmd
}

// actNames are the actions as the command line names them, sample for act_sample, and again.
func actNames() []string {
	var names []string
	for _, id := range prodege.ActionIDs() {
		names = append(names, strings.TrimPrefix(string(id), "act_"))
	}
	return append(names, again)
}

func (f *actFlags) id() prodege.ActionID { return prodege.ActionID("act_" + f.what) }

// read takes what follows the project, an action and its number, and checks it before anybody is asked.
func (f *actFlags) read(args []string) error {
	if len(args) == 0 {
		return nil
	}
	f.what = strings.TrimPrefix(args[0], "act_")
	if err := oneOf("action", f.what, actNames()); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	asks := prodege.ActionAsks(f.id())
	f.number = map[prodege.Asks]int64{prodege.AsksClicks: f.clicks, prodege.AsksSample: f.sampleSize}[asks]
	if len(args) == 2 {
		n, err := strconv.ParseInt(args[1], 10, 64)
		switch {
		case err != nil || n < 1:
			return usageError("%q is not a whole number above 0", args[1])
		case asks == prodege.AsksNothing:
			return usageError("%s takes no number", f.what)
		case f.number != 0 && f.number != n:
			return usageError("%s is given two numbers, %d and %d", f.what, n, f.number)
		}
		f.number = n
	}
	if !(prodege.Action{Asks: asks}).Fits(f.number) {
		return usageError("%s needs a number from 1 to %d: give it after %[1]s, or as --%[3]s", f.what, prodege.MaxNumber, strings.ReplaceAll(string(asks), "_", "-"))
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

func (c *call) act(f actFlags) error {
	id, err := c.project()
	if err != nil {
		return err
	}
	s, err := c.projectState(id)
	if err != nil {
		return err
	}
	q := s.OpenAction()
	switch {
	case q == nil:
		return noEffect("project %s offers no actions: it waits for %s", id, cards.Waits(s.Waiting))
	case f.what == "":
		return c.offers(s, q)
	}
	d := project.Decision{Verdict: project.TryAgain, User: f.as, Reason: f.reason}
	if f.what != again {
		d.Verdict, d.Action, d.Number = project.ChooseAction, f.id(), f.number
	}
	if !takes(q, d.Verdict) {
		return noEffect("project %s: %s has no effect now: %s; nothing was sent", id, f.what, standing(q))
	}
	if f.what != again {
		if err := c.checkOffer(id, q, f); err != nil {
			return err
		}
	}
	return c.submit(id, q, d, f.wait)
}

// checkOffer refuses what is not offered, and asks before what can't be undone.
func (c *call) checkOffer(id prodege.ProjectID, q *project.Question, f actFlags) error {
	i := slices.IndexFunc(q.Offers, func(a prodege.Action) bool { return a.ID == f.id() })
	if i < 0 {
		return noEffect("project %s, paused for reason %d, does not offer %q; see `fieldmarshal act %s`", id, q.Event.ActionReason(), f.what, id)
	}
	row := q.Offers[i]
	if now := q.Figures; row.Asks == prodege.AsksSample && now != nil && now.Wanted > 0 {
		present := max(now.Wanted, now.Completes)
		if most := project.MostSample(present); f.number <= present || f.number > most {
			return noEffect("project %s: the sample size is %d now; a new one must be above that and at most %d, not %d; nothing was sent", id, present, most, f.number)
		}
	}
	if row.Status == prodege.Complete && !f.yes && !c.yes(row.Confirm+"\n"+row.Label+"?") {
		return failed("project %s was not completed: nobody confirmed (answer yes, or give --yes)", id)
	}
	return nil
}

// offers shows what can be done.
func (c *call) offers(s *project.State, q *project.Question) error {
	o := Offered{Project: s.ID, Generation: q.Generation, Reason: q.Event.ActionReason(), Phase: q.Phase, Words: standing(q), Offers: []Offer{}}
	if takes(q, project.TryAgain) {
		o.Offers = append(o.Offers, Offer{Action: again, Label: "Try again", Confirm: "What was decided is sent once more; the project is read first."})
	}
	if takes(q, project.ChooseAction) {
		for _, row := range q.Offers {
			o.Offers = append(o.Offers, Offer{strings.TrimPrefix(string(row.ID), "act_"), row.Label, string(row.Asks), row.Confirm})
		}
	}
	err := c.show(o, func(p *page) {
		p.line("Project %s, paused for %s: %s.", o.Project, reason(prodege.Paused, o.Reason, ""), o.Words)
		if len(o.Offers) == 0 {
			p.line("Nothing can be done about it from here now.")
			return
		}
		var rows [][]string
		for _, offer := range o.Offers {
			rows = append(rows, []string{offer.Action, offer.Label, cmp.Or(strings.ReplaceAll(offer.Asks, "_", " "), "-"), offer.Confirm})
		}
		p.table([]string{"ACTION", "DOES", "ASKS", "KNOW"}, rows)
		p.line("\nfieldmarshal act %s <action> --as U…", o.Project)
	})
	if err == nil && len(o.Offers) == 0 {
		return &Fault{Code: ExitVain}
	}
	return err
}

package operator

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// doing is what the command line of act says.
type doing struct {
	what       string // the action's name here, or again; empty: what is offered
	as         string
	clicks     int64
	sampleSize int64
	note       string
	yes        bool
	wait       time.Duration
}

// again is what stands for an action where what was decided is tried once more.
const again = "again"

func (o Options) act() *cobra.Command {
	var d doing
	names := append(actionNames(), again)
	cmd := o.command(words{
		use: "act <project> [" + strings.Join(names, "|") + "] [value]", short: "Do something about a paused project, as from its alert",
		long: "Do what the alert of a paused project offers, as the person given by --as: a Slack user id, held to SLACK_APPROVERS like\n" +
			"any click. It binds to the pause as it stands when the command reads it; the project is read at Prodege before anything\n" +
			"is sent. Without an action it shows what is offered; where nothing is, why, with exit code 3. “again” tries once more\n" +
			"what Prodege refused or did not answer. With an action exit code 0 only where the decision was recorded.",
		example: "  fieldmarshal act 29303649\n  fieldmarshal act 29303649 sample 600 --as U012AB3CD\n" +
			"  fieldmarshal act 29303649 clicks 500 --as U012AB3CD\n  fieldmarshal act 29303649 complete --as U012AB3CD --yes",
	}, upToThree, func(c *call) error {
		d := d
		if err := d.read(c.args[1:]); err != nil {
			return err
		}
		return c.act(d)
	})
	cmd.Flags().StringVar(&d.as, "as", "", "who decides: a Slack user id")
	cmd.Flags().Int64Var(&d.clicks, "clicks", 0, "clicks: how many to allow from now on; the same as a value after clicks")
	cmd.Flags().Int64Var(&d.sampleSize, "sample-size", 0, "sample: completes wanted in all, more than now; the same as a value after sample")
	cmd.Flags().StringVar(&d.note, "note", "", "a note for the record")
	cmd.Flags().BoolVar(&d.yes, "yes", false, "complete: do not ask, although it can't be undone")
	cmd.Flags().DurationVar(&d.wait, "wait", 10*time.Second, "how long to wait for what comes of it")
	return noFiles(cmd)
}

func upToThree(_ *cobra.Command, args []string) error {
	if len(args) == 0 || len(args) > 3 {
		return misused("give the id of a project, what to do, and the number where that needs one")
	}
	return nil
}

// read takes what stands after the project: an action, as here or as its button is named, and its number.
func (d *doing) read(args []string) error {
	if len(args) == 0 {
		return nil
	}
	d.what = strings.TrimPrefix(args[0], "act_")
	if names := append(actionNames(), again); !slices.Contains(names, d.what) {
		return misused("%q is none of %s", d.what, strings.Join(names, ", "))
	}
	if len(args) == 1 {
		return nil
	}
	n, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil || n < 1 {
		return misused("%q is no whole number above nothing", args[1])
	}
	number := d.field(prodege.ActionAsks(prodege.ActionID("act_" + d.what)))
	switch {
	case number == nil:
		return misused("%s takes no number", d.what)
	case *number != 0 && *number != n:
		return misused("%s is given two numbers, %d and %d", d.what, n, *number)
	}
	*number = n
	return nil
}

// actionNames are the actions as the command line names them: sample for act_sample.
func actionNames() []string {
	var names []string
	for _, id := range prodege.ActionIDs() {
		names = append(names, strings.TrimPrefix(string(id), "act_"))
	}
	return names
}

// Offered is what act answers without an action.
type Offered struct {
	Project    prodege.ProjectID `json:"project_id"`
	Workflow   string            `json:"workflow"`
	Generation int               `json:"generation"`
	Reason     prodege.Reason    `json:"update_reason"`
	Phase      string            `json:"phase"`
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

func (c *call) act(d doing) error {
	id, err := c.project()
	if err != nil {
		return err
	}
	if d.what != "" {
		if err := d.check(); err != nil {
			return err
		}
	}
	workflowID, a, err := c.action(id)
	if err != nil {
		return err
	}
	if d.what == "" {
		return c.offers(workflowID, a)
	}
	click, err := c.actClick(d, a)
	if err != nil {
		return err
	}
	c.tell("Project %s, paused for reason %d (generation %d): %s as %s.\n", id, a.Event.Reason, a.Generation, d.what, d.as)
	if err := c.handOver(id, workflowID, click, "the pause was over"); err != nil {
		return err
	}
	return c.tellOutcome(d.wait, a.PhaseAt, func(ctx context.Context) (Decided, bool) {
		a, err := c.world.Flows.Action(ctx, workflowID)
		if err != nil {
			return Decided{}, false
		}
		return outcomeOf(Decided{Project: id, Workflow: workflowID, Words: actWords(string(a.Phase))}, a.DecisionState, click)
	})
}

// check finds what is wrong with the command line, before anybody is asked.
func (d doing) check() error {
	if err := decider(d.as, d.wait); err != nil {
		return err
	}
	asks := prodege.ActionAsks(prodege.ActionID("act_" + d.what))
	if !(prodege.Action{Asks: asks}).Fits(d.number(asks)) {
		return misused("%s needs a number from 1 to %d: give it after %[1]s, or as --%[3]s", d.what, prodege.MaxNumber, strings.ReplaceAll(string(asks), "_", "-"))
	}
	return nil
}

// field is where the number stands that an action asks for; nil where it asks for none.
func (d *doing) field(asks prodege.Asks) *int64 {
	return map[prodege.Asks]*int64{prodege.AsksClicks: &d.clicks, prodege.AsksSample: &d.sampleSize}[asks]
}

// number is what the command line gives where that is asked for.
func (d doing) number(asks prodege.Asks) int64 {
	if n := d.field(asks); n != nil {
		return *n
	}
	return 0
}

// takesActs says whether something can be done from an alert in that phase: the phase has its buttons in Slack.
func takesActs(phase string) bool { return phase == "open" || takes(verdictTryAgain, phase) }

// doneBy says who decided last what is done, where somebody did.
func doneBy(s workflows.DecisionState) string {
	if len(s.Decisions) == 0 {
		return ""
	}
	d := s.Decisions[len(s.Decisions)-1]
	what := Decided{Verdict: string(d.Verdict), Action: string(d.Action), Number: d.Number}.what()
	return fmt.Sprintf(" (%s by %s at %s)", what, or(d.User, "rule"), stamp(d.At))
}

// action finds what can be done about the present pause of a project.
func (c *call) action(id prodege.ProjectID) (string, workflows.ActionState, error) {
	p, err := c.projectState(id)
	if err != nil {
		return "", workflows.ActionState{}, err
	}
	open := p.OpenAction()
	if open == nil {
		return "", workflows.ActionState{}, inVain("project %s offers nothing to be done: it is %s and waits for %s", id, or(string(p.Status), "new"), waitsFor(p))
	}
	if !open.Started {
		return "", workflows.ActionState{}, inVain("project %s: what can be done about it is offered once the acceptance in flight has ended; try again then", id)
	}
	ctx, cancel := c.within()
	defer cancel()
	a, err := c.world.Flows.Action(ctx, open.Workflow)
	return open.Workflow, a, c.reached(err, fmt.Sprintf("what can be done about project %s", id))
}

func (c *call) offers(workflowID string, a workflows.ActionState) error {
	o := Offered{Project: a.Project.ID, Workflow: workflowID, Generation: a.Generation, Reason: a.Event.ActionReason(), Phase: string(a.Phase),
		Words: actWords(string(a.Phase)) + doneBy(a.DecisionState), Offers: []Offer{}}
	if takesActs(o.Phase) {
		o.Offers = offersOf(a.Event, o.Phase)
	}
	err := c.show(o, func(p *page) {
		p.line("Project %s, paused for reason %d: %s.", o.Project, o.Reason, o.Words)
		if len(o.Offers) == 0 {
			p.line("Nothing can be done about it from here now.")
			return
		}
		var rows [][]string
		for _, offer := range o.Offers {
			rows = append(rows, []string{offer.Action, offer.Label, or(strings.ReplaceAll(offer.Asks, "_", " "), "-"), offer.Confirm})
		}
		p.table([]string{"ACTION", "DOES", "ASKS", "KNOW"}, rows)
		p.line("\nfieldmarshal act %s <action> --as U…", o.Project)
	})
	if err == nil && len(o.Offers) == 0 {
		return said(ExitVain)
	}
	return err
}

// offersOf is what can be done about a pause in a phase that takes it, after what did not succeed once more.
func offersOf(pause prodege.Event, phase string) []Offer {
	list := []Offer{}
	if takes(verdictTryAgain, phase) {
		list = append(list, Offer{Action: again, Label: "Try again", Confirm: "What was decided is sent once more; the project is read first."})
	}
	for _, row := range pause.Actions() {
		list = append(list, Offer{strings.TrimPrefix(string(row.ID), "act_"), row.Label, string(row.Asks), row.Confirm})
	}
	return list
}

// offersNow is what the alert of a project's present pause offers, as far as the project knows.
func offersNow(p workflows.ProjectState) []Offer {
	r := p.OpenAction()
	if r == nil || r.Status.Acting == nil || p.Waiting != workflows.WaitsLive || !takesActs(r.Status.Phase) {
		return nil
	}
	return offersOf(r.Status.Acting.Event, r.Status.Phase)
}

// offerWords names what an alert offers, and how to do it from here.
func offerWords(id prodege.ProjectID, offers []Offer) string {
	var labels []string
	for _, o := range offers {
		labels = append(labels, "“"+o.Label+"”")
	}
	return fmt.Sprintf("%s (fieldmarshal act %s)", strings.Join(labels, ", "), id)
}

// actClick is the decision that the command line makes, checked as far as is known here.
func (c *call) actClick(d doing, a workflows.ActionState) (workflows.Decision, error) {
	click := workflows.Decision{Click: "command-" + rand.Text(), Generation: a.Generation, User: d.as, Reason: d.note, From: fromCommand,
		At: c.now().UTC(), Verdict: verdictTryAgain}
	phase := string(a.Phase)
	if d.what == again && takes(verdictTryAgain, phase) {
		return click, nil
	}
	if d.what == again || !takesActs(phase) {
		return click, inVain("project %s: %s would not count now, it stands: %s%s; nothing was sent", a.Project.ID, d.what, actWords(phase), doneBy(a.DecisionState))
	}
	click.Verdict, click.Action = verdictAct, prodege.ActionID("act_"+d.what)
	row, offered := prodege.FindAction(click.Action, a.Event.ActionReason())
	if !offered {
		return click, inVain("project %s, paused for reason %d, does not offer %q; see `fieldmarshal act %s`", a.Project.ID, a.Event.Reason, d.what, a.Project.ID)
	}
	click.Number = d.number(row.Asks)
	if row.Status == prodege.Complete && !d.yes && !c.yes(row.Confirm+"\n"+row.Label+"?") {
		return click, failed("project %s was not completed: nobody confirmed (answer yes, or give --yes)", a.Project.ID)
	}
	return click, nil
}

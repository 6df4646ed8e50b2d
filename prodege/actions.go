package prodege

import "slices"

// ActionID names something that people can do about a pause from its alert. It is also the Slack action id of the
// button, and messages posted long ago contain it: never rename one.
type ActionID string

// The actions.
const (
	ActClicks   ActionID = "act_clicks"   // allow more clicks, set LIVE
	ActLive     ActionID = "act_live"     // set LIVE
	ActSample   ActionID = "act_sample"   // raise the sample size, set LIVE
	ActComplete ActionID = "act_complete" // set COMPLETE, which can't be undone
)

// Asks is the number that whoever decides has to enter.
type Asks string

// What can be asked.
const (
	AsksNothing Asks = ""
	AsksClicks  Asks = "clicks"      // clicks left from now on
	AsksSample  Asks = "sample_size" // total completes wanted; more than now
)

// MaxNumber is the largest number that can be entered: nobody orders more, so more is a typing error.
const MaxNumber = 1_000_000

// Action is one thing that can be done about a pause for one reason.
type Action struct {
	ID      ActionID
	Reason  Reason
	Label   string // on the button and as the title of the modal; at most 24 characters
	Asks    Asks
	Status  Status // set by project-update
	Confirm string // what whoever decides must know or have done, in one or two sentences
}

const confirmComplete = "This can't be undone: after COMPLETE nothing about the project can be changed. Reconcile first; invoicing follows."

// actions is the table of what can be done from an alert, beside the table of reasons. A new action is a new
// row; a reason without a row has no buttons, and its advice says whom to ask.
var actions = []Action{
	{ActClicks, MaxClicks, "Allow more clicks", AsksClicks, Live,
		"First check that clicks turn into completes: if they don't, look at the survey before you allow more."},
	{ActLive, NoUniqueLinks, "Set live", AsksNothing, Live,
		"Confirm that unique survey links have been added at Prodege: without them the project pauses again at once."},
	{ActSample, SampleSize, "Raise sample size", AsksSample, Live,
		"Every additional complete costs money."},
	{ActComplete, SampleSize, "Complete project", AsksNothing, Complete, confirmComplete},
	{ActLive, PausedInactive, "Set live", AsksNothing, Live,
		"Confirm that the survey link and the quotas are right: without clicks Prodege will pause the project again."},
	{ActComplete, PausedInactive, "Complete project", AsksNothing, Complete, confirmComplete},
	{ActLive, HighDropOff, "Set live", AsksNothing, Live,
		"Confirm that the survey has been fixed: until it is, completes may be getting lost."},
}

// Actions lists what can be done about a pause, in the order in which it is offered. It is empty if the event is
// not a pause, asks for a CPI or reports a rejected reconciliation.
func (e Event) Actions() []Action {
	if e.Status != Paused || e.AsksCPI() || e.Rejected() {
		return nil
	}
	var list []Action
	for _, a := range actions {
		if a.Reason == e.ActionReason() {
			list = append(list, a)
		}
	}
	return list
}

// FindAction returns the row of an action for a reason; false if that reason does not offer it.
func FindAction(id ActionID, reason Reason) (Action, bool) {
	return firstAction(func(a Action) bool { return a.ID == id && a.Reason == reason })
}

// Row returns the action's first row, whose label and number asked for are those of all its rows; zero if the id is unknown.
func (id ActionID) Row() Action {
	row, _ := firstAction(func(a Action) bool { return a.ID == id })
	return row
}

func firstAction(is func(Action) bool) (Action, bool) {
	if i := slices.IndexFunc(actions, is); i >= 0 {
		return actions[i], true
	}
	return Action{}, false
}

// ActionIDs lists every action once, in the order of the table.
func ActionIDs() []ActionID {
	var ids []ActionID
	for _, a := range actions {
		if !slices.Contains(ids, a.ID) {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

// ActionReason returns the reason whose actions the event offers: its code, or what its description says if it has none.
func (e Event) ActionReason() Reason {
	if r, found := rowOf(e); found {
		return r.reason
	}
	return e.Reason
}

// Fits reports whether the action accepts the number n.
func (a Action) Fits(n int64) bool {
	if a.Asks == AsksNothing {
		return n == 0
	}
	return n > 0 && n <= MaxNumber
}

// Update returns what the action sends with project-update. known is the sample size as last read, 0 if unknown:
// the sample size is never lowered, so n is sent only if it is higher.
func (a Action) Update(n, known int64) ProjectUpdate {
	u := ProjectUpdate{Status: a.Status}
	if a.Asks == AsksSample && n > known {
		u.SampleSize = n
	}
	return u
}

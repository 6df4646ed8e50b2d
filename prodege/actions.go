package prodege

import "slices"

// ActionID names something that people can do about a pause from its alert. It is the Slack action id of its
// button too and stands in messages that were posted long ago: never rename one.
type ActionID string

// The actions.
const (
	ActClicks   ActionID = "act_clicks"   // allow more clicks, set LIVE
	ActLive     ActionID = "act_live"     // set LIVE
	ActSample   ActionID = "act_sample"   // raise the sample size, set LIVE
	ActComplete ActionID = "act_complete" // set COMPLETE, which can't be undone
)

// Asks is the number that an action needs of whoever decides.
type Asks string

// What can be asked.
const (
	AsksNothing Asks = ""
	AsksClicks  Asks = "clicks"      // clicks to be left from now on
	AsksSample  Asks = "sample_size" // completes wanted in all; more than now
)

// MaxNumber bounds what can be asked for: nobody orders more, and a slip of the hand shows.
const MaxNumber = 1_000_000

// Action is one thing that can be done about a pause for one reason: what is asked, what is sent.
type Action struct {
	ID      ActionID
	Reason  Reason
	Label   string // on the button and as the title of what it opens; at most 24 characters
	Asks    Asks
	Status  Status // that project-update sets
	Confirm string // what whoever decides must know or have done, in one or two sentences
}

// whatCompleteMeans is what whoever completes a project must know.
const whatCompleteMeans = "This can't be undone: nothing of the project changes after COMPLETE. Reconcile before it; invoicing follows."

// actions is the table of what can be done from an alert, beside the table of reasons. A new action is a new
// row; a reason without a row has no buttons, and its advice says whom to ask.
var actions = []Action{
	{ActClicks, MaxClicks, "Allow more clicks", AsksClicks, Live,
		"See first whether clicks become completes: if they do not, look at the survey before you allow more."},
	{ActLive, NoUniqueLinks, "Set live", AsksNothing, Live,
		"Confirm that unique survey links were added at Prodege: without them the project pauses again at once."},
	{ActSample, SampleSize, "Raise sample size", AsksSample, Live,
		"Each complete that is added is paid for."},
	{ActComplete, SampleSize, "Complete project", AsksNothing, Complete, whatCompleteMeans},
	{ActLive, PausedInactive, "Set live", AsksNothing, Live,
		"Confirm that survey link and quotas are right: without clicks Prodege pauses the project again."},
	{ActComplete, PausedInactive, "Complete project", AsksNothing, Complete, whatCompleteMeans},
	{ActLive, HighDropOff, "Set live", AsksNothing, Live,
		"Confirm that the survey was mended: completes may be getting lost as long as it is not."},
}

// Actions lists what can be done about a pause, in the order in which it is offered; none where the event is
// no pause, asks for a CPI or tells of a rejected reconciliation.
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

// FindAction is the row of an action for a reason; false where that reason does not offer it.
func FindAction(id ActionID, reason Reason) (Action, bool) {
	for _, a := range actions {
		if a.ID == id && a.Reason == reason {
			return a, true
		}
	}
	return Action{}, false
}

// ActionLabel is what the button of an action says, for whatever reason; empty for none of the table.
func ActionLabel(id ActionID) string {
	for _, a := range actions {
		if a.ID == id {
			return a.Label
		}
	}
	return ""
}

// ActionAsks is the number that an action asks for, which is the same for every reason.
func ActionAsks(id ActionID) Asks {
	for _, a := range actions {
		if a.ID == id {
			return a.Asks
		}
	}
	return AsksNothing
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

// ActionReason is the reason whose actions the event offers: its code, or what its description says where it has none.
func (e Event) ActionReason() Reason {
	for _, r := range reasons {
		if r.tells(e) {
			return r.reason
		}
	}
	return e.Reason
}

// Fits says whether a number is one that the action can be done with.
func (a Action) Fits(n int64) bool {
	if a.Asks == AsksNothing {
		return n == 0
	}
	return n > 0 && n <= MaxNumber
}

// Update is what the action sends with project-update. known is the sample size as read, 0 where it is not:
// one that is as high already is not sent, as it is never lowered.
func (a Action) Update(n, known int64) ProjectUpdate {
	u := ProjectUpdate{Status: a.Status}
	if a.Asks == AsksSample && n > known {
		u.SampleSize = n
	}
	return u
}

package prodege

import "fmt"

// Urgency says how soon people should look at a pause.
type Urgency string

// From a glance in the day's work to at once.
const (
	Routine Urgency = "routine" // expected in a project's life
	Soon    Urgency = "soon"    // the field stands still, nothing is lost yet
	Now     Urgency = "now"     // money or data is at stake
)

// Meaning is what a reason means to people. It is the one place for such words: adding a reason is adding a row.
type Meaning struct {
	Title   string // what happened, half a line: "Sample size reached"
	Meaning string // what that means, one or two sentences
	Advice  string // what can be done next, and where at Prodege
	Urgency Urgency
}

// row is a reason, the description that Prodege is known to send with it, and what it means.
type row struct {
	reason      Reason // 0: the contract names the description without a code
	description string // empty: not known
	Meaning
}

// support is how Prodege's support is reached, from its help pages ("Auto Transition to Completion"). Peeq is
// the name of Prodege's own user interface for buyers.
const support = "Prodege's support (24/7 chat, or peeqsupport@prodege.com, with the project number)"

// reasons is the table of what Prodege's update reasons mean. Figures are from Prodege's help pages and its
// Demand API reference.
var reasons = []row{
	{MaxClicks, "", Meaning{
		Title:   "Click limit reached",
		Meaning: "The project has had as many clicks as its settings allow, so Prodege sends no more respondents.",
		Advice:  "See first whether clicks become completes: if not, look at the survey before you pay for more. To go on, allow more clicks (or a faster refill) in the project's settings in Prodege peeq and set it LIVE.",
		Urgency: Soon,
	}},
	{NoUniqueLinks, "", Meaning{
		Title:   "No unique survey links left",
		Meaning: "Every unique survey link given to Prodege has been used, so nobody can enter the survey.",
		Advice:  "Upload more unique links to the project in Prodege peeq and set it LIVE.",
		Urgency: Soon,
	}},
	{SampleSize, "DISABLED_BY_HAS_REACHED_SAMPLE_SIZE", Meaning{
		Title:   "Sample size reached",
		Meaning: "All the completes that were asked for are in.",
		Advice:  "Enough? Reconcile and set the project to COMPLETE in Prodege peeq. For more completes raise the project's sample size there and set it LIVE.",
		Urgency: Routine,
	}},
	{RealTimePricing, DescriptionCPI, Meaning{
		Title:   "Required CPI above the project's limit",
		Meaning: "At the incidence rate and length of interview as they are in field, a complete costs more than the project's max CPI, so Prodege has stopped sampling until the required CPI is accepted.",
		Advice:  "Decide on the CPI request in the approvals channel. By hand: raise max CPI to the required CPI or more in Prodege peeq and set the project LIVE. Prodege resumes by itself if the required CPI falls below max CPI.",
		Urgency: Soon,
	}},
	{PausedInactive, "", Meaning{
		Title:   "No clicks for five business days",
		Meaning: "Prodege pauses a project that has had no click for 5 business days. After 15 in all, so about ten business days from now, it sets the project to COMPLETE (209), which can't be undone.",
		Advice:  "Done? Reconcile while the project is not COMPLETE, then complete it in Prodege peeq. Not done? Check survey link and quotas and set it LIVE; it needs clicks to stay so. More time is to be had only from " + support + ".",
		Urgency: Soon,
	}},
	{CompleteInactive, "", Meaning{
		Title:   "Completed by Prodege for inactivity",
		Meaning: "There was no click for 15 business days, so Prodege set the project to COMPLETE. Nothing changes after COMPLETE, and reconciliation applies only before it: the project will be invoiced as it stands.",
		Advice:  "Compare the completes with what you accept. If they differ, or the field should have gone on, write to " + support + " before the month ends: invoices go out from the 1st to the 6th of the next.",
		Urgency: Soon,
	}},
	{HighDropOff, "", Meaning{
		Title:   "Too many respondents drop out",
		Meaning: "Many respondents begin the survey and do not come back with a result. Often the survey is broken, a redirect is missing, or it does not work on phones: completes may be getting lost.",
		Advice:  "Take the survey through its link yourself, on a phone too, to each of its ends, and check the redirects to Prodege. When mended set the project LIVE in Prodege peeq; if nothing is wrong ask " + support + ".",
		Urgency: Now,
	}},
	{SupportAgent, "", Meaning{
		Title:   "Stopped by Prodege's support",
		Meaning: "A person at Prodege paused the project. The reason is not in the notice; it may be the quality of the survey or of the answers.",
		Advice:  "Look for Prodege's e-mail to the project's managers, and ask " + support + " what they need. Do not just set the project LIVE.",
		Urgency: Now,
	}},
	{ReconciliationTried, "", Meaning{
		Title:   "Reconciliation handed in",
		Meaning: "After a reconciliation attempt the project is PENDING_COMPLETE: Prodege looks at the list of accepted completes.",
		Advice:  "Wait for COMPLETE (903) or a rejection. Until then nothing is invoiced.",
		Urgency: Routine,
	}},
	{ReconciliationComplete, "COMPLETE_RECONCILIATION", Meaning{
		Title:   "Reconciliation complete",
		Meaning: "Prodege has taken the reconciliation and set the project to COMPLETE.",
		Advice:  "Nothing to do at Prodege. Its invoice comes between the 1st and the 6th of the next month.",
		Urgency: Routine,
	}},
	{Other, "", Meaning{
		Title:   "Another reason",
		Meaning: "Prodege gives no reason but \"Other\" (999).",
		Advice:  "Look at the project in Prodege peeq; if that does not tell, ask " + support + ".",
		Urgency: Soon,
	}},
	{0, DescriptionRejection, Meaning{
		Title:   "Reconciliation rejected",
		Meaning: "Prodege's support did not accept the reconciliation. Until it is redone, the completes to be invoiced are not settled.",
		Advice:  "Read the note of Prodege's support, correct the list of accepted transactions (.CSV, column TransactionID) and upload it again in the project's reconciliation in Prodege peeq, before the project is COMPLETE. Questions go to " + support + ".",
		Urgency: Now,
	}},
}

// statusMeanings says what a status means where no reason says more.
var statusMeanings = map[Status]Meaning{
	Pending:         {"Not launched yet", "The project exists but has had no live traffic.", "Set it LIVE in Prodege peeq when the survey is ready.", Routine},
	Live:            {"Live", "Prodege sends respondents to the survey.", "", Routine},
	Paused:          {"Paused, no reason given", "Prodege sends no respondents, and the notice does not say why: perhaps one of your own people paused it.", "Ask the project's manager, or look at the project in Prodege peeq.", Soon},
	PendingComplete: {"Reconciliation under way", "Prodege looks at the reconciliation; the project is not complete yet.", "Wait for COMPLETE or a rejection. Until then nothing is invoiced.", Routine},
	Complete:        {"Complete", "The field is closed; nothing about the project changes any more but its invoice.", "Nothing to do at Prodege. Its invoice comes between the 1st and the 6th of the next month.", Routine},
	Invoiced:        {"Invoiced", "Prodege has invoiced the project.", "", Routine},
	Deleted:         {"Deleted", "The project was deleted at Prodege.", "If nobody of yours deleted it, ask " + support + ".", Routine},
}

// Meaning says what the event means to people: a rejected reconciliation and a required CPI first, then its
// reason, then its status. What is not known is shown as it came. Parts of it may be outside text.
func (e Event) Meaning() Meaning {
	switch {
	case e.Rejected():
		return byDescription(DescriptionRejection)
	case e.AsksCPI():
		return byDescription(DescriptionCPI)
	}
	for _, r := range reasons {
		if r.tells(e) {
			return r.with(e.Description)
		}
	}
	if m, known := statusMeanings[e.Status]; known && (e.Status != Paused || e.Reason == 0 && e.Description == "") {
		return m
	}
	return unknown(e)
}

// StatusMeaning says what a status means by itself; ok is false for one that is not known.
func StatusMeaning(s Status) (m Meaning, ok bool) {
	m, ok = statusMeanings[s]
	return m, ok
}

func byDescription(description string) Meaning {
	for _, r := range reasons {
		if r.description == description {
			return r.Meaning
		}
	}
	return Meaning{}
}

// tells says whether the row is about the event: by its code, or by its description where it has no code.
func (r row) tells(e Event) bool {
	if r.reason == 0 {
		return false // those come first, see Meaning
	}
	byDescription := e.Reason == 0 && r.description != "" && canonical(e.Description) == r.description
	return (e.Reason == r.reason || byDescription) && r.fits(e.Status)
}

// fits says whether the row can explain the status: why a project once stood still says nothing about one
// that is live, or done with.
func (r row) fits(s Status) bool {
	switch r.reason {
	case ReconciliationTried:
		return s != Live && s != Complete && s != Invoiced && s != Deleted
	case ReconciliationComplete, CompleteInactive:
		return s != Live && s != PendingComplete && s != Invoiced && s != Deleted
	}
	return Event{Status: s}.standsStill()
}

// with adds Prodege's own words where the row has none of its own.
func (r row) with(description string) Meaning {
	m := r.Meaning
	if r.reason == Other && description != "" && canonical(description) != "OTHER" {
		m.Meaning += " It describes it as: " + description + "."
	}
	return m
}

// unknown is the row for a reason or a status that is not in the tables.
func unknown(e Event) Meaning {
	m := Meaning{
		Title:   "A reason that is new here",
		Meaning: "Prodege gives a reason that this program does not know",
		Advice:  "Look at the project in Prodege peeq; ask " + support + " what it means for you.",
		Urgency: Soon,
	}
	switch {
	case e.Reason != 0:
		m.Title = fmt.Sprintf("Reason %d, new here", e.Reason)
		m.Meaning += fmt.Sprintf(": %d", e.Reason)
		if e.Description != "" {
			m.Meaning += ", described as " + e.Description
		}
	case e.Description != "":
		m.Meaning += ": " + e.Description
	default:
		m.Title = "A status that is new here"
		m.Meaning = "Prodege gives a status that this program does not know: " + string(e.Status)
	}
	m.Meaning += "."
	return m
}

package prodege

import (
	"fmt"
	"slices"
)

// Urgency says how soon people should look at a pause.
type Urgency string

// The urgencies, lowest first.
const (
	Routine Urgency = "routine" // expected in a project's life
	Soon    Urgency = "soon"    // fieldwork has stopped, nothing is lost yet
	Now     Urgency = "now"     // money or data is at stake
)

// Meaning is what a reason or a status means to people.
type Meaning struct {
	Title   string // what happened, half a line: "Sample size reached"
	Meaning string // what that means, one or two sentences
	Advice  string // what can be done next, and where at Prodege
	Urgency Urgency
}

// row is a reason, the description that Prodege is known to send with it, and what it means.
type row struct {
	reason      Reason // 0: the contract names the description without a code
	description string // empty: unknown
	Meaning
}

// support says how to reach Prodege's support, from its help pages ("Auto Transition to Completion").
const support = "Prodege support (24/7 chat, or peeqsupport@prodege.com, with the project number)"

// reasons is the only place that says what Prodege's update reasons mean: adding a reason is adding a row. Figures are
// from Prodege's help pages and its Demand API reference. Peeq is Prodege's user interface for buyers.
var reasons = []row{
	{MaxClicks, "", Meaning{
		Title:   "Click limit reached",
		Meaning: "The project has had as many clicks as its settings allow, so Prodege is sending no more respondents.",
		Advice:  "First check that clicks turn into completes; if they don't, look at the survey before you pay for more. To continue, allow more clicks (or a faster refill) in the project's settings in Prodege peeq and set it LIVE.",
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
		Meaning: "All the completes that were ordered are in.",
		Advice:  "If they are enough, reconcile and set the project to COMPLETE in Prodege peeq. For more completes, raise the project's sample size there and set it LIVE.",
		Urgency: Routine,
	}},
	{RealTimePricing, DescriptionCPI, Meaning{
		Title:   "Required CPI above the project's limit",
		Meaning: "At the actual incidence rate and length of interview, a complete costs more than the project's max CPI, so Prodege has stopped sampling until the required CPI is accepted.",
		Advice:  "Decide on the CPI request in the approvals channel, or raise max CPI to at least the required CPI in Prodege peeq yourself and set the project LIVE. Prodege resumes on its own if the required CPI falls below max CPI.",
		Urgency: Soon,
	}},
	{PausedInactive, "", Meaning{
		Title:   "No clicks for five business days",
		Meaning: "Prodege pauses a project that has had no click for 5 business days. After 15 in all, about ten business days from now, it sets the project to COMPLETE (209), which can't be undone.",
		Advice:  "If the project is done, reconcile it before it is COMPLETE, then complete it in Prodege peeq. If not, check the survey link and the quotas and set it LIVE; without clicks it will be paused again. Only " + support + " can give you more time.",
		Urgency: Soon,
	}},
	{CompleteInactive, "", Meaning{
		Title:   "Completed by Prodege for inactivity",
		Meaning: "There was no click for 15 business days, so Prodege set the project to COMPLETE. It can no longer be changed or reconciled, and will be invoiced as it is.",
		Advice:  "Compare the completes with those you accept. If they differ, or fieldwork should have continued, write to " + support + " before the end of the month: invoices go out from the 1st to the 6th of the next.",
		Urgency: Soon,
	}},
	{HighDropOff, "", Meaning{
		Title:   "Too many respondents drop out",
		Meaning: "Many respondents begin the survey and don't come back with a result. Often the survey is broken, a redirect is missing, or it doesn't work on phones: completes may be getting lost.",
		Advice:  "Take the survey yourself through its link, on a phone too, to each of its possible ends, and check the redirects to Prodege. Once it is fixed, set the project LIVE in Prodege peeq; if nothing is wrong, ask " + support + ".",
		Urgency: Now,
	}},
	{SupportAgent, "", Meaning{
		Title:   "Stopped by Prodege support",
		Meaning: "A person at Prodege paused the project. The notice doesn't say why; it may be the quality of the survey or of the answers.",
		Advice:  "Look for Prodege's email to the project's managers, and ask " + support + " what they need. Don't just set the project LIVE.",
		Urgency: Now,
	}},
	{ReconciliationTried, "", Meaning{
		Title:   "Reconciliation submitted",
		Meaning: "A reconciliation was submitted, so the project is PENDING_COMPLETE while Prodege checks the list of accepted completes.",
		Advice:  "Wait for COMPLETE (903) or a rejection. Nothing is invoiced until then.",
		Urgency: Routine,
	}},
	{ReconciliationComplete, "COMPLETE_RECONCILIATION", Meaning{
		Title:   "Reconciliation complete",
		Meaning: "Prodege has accepted the reconciliation and set the project to COMPLETE.",
		Advice:  "There is nothing to do at Prodege. Its invoice comes between the 1st and the 6th of next month.",
		Urgency: Routine,
	}},
	{Other, "", Meaning{
		Title:   "Unspecified reason",
		Meaning: "The only reason that Prodege gives is \"Other\" (999).",
		Advice:  "Look at the project in Prodege peeq; if that doesn't explain it, ask " + support + ".",
		Urgency: Soon,
	}},
	{0, DescriptionRejection, Meaning{
		Title:   "Reconciliation rejected",
		Meaning: "Prodege support did not accept the reconciliation. Until it is redone, it isn't settled which completes will be invoiced.",
		Advice:  "Read the note from Prodege support, correct the list of accepted transactions (.CSV, column TransactionID) and upload it again in the project's reconciliation in Prodege peeq, before the project is COMPLETE. If you have questions, ask " + support + ".",
		Urgency: Now,
	}},
}

// statusMeanings says what a status means when no reason says more.
var statusMeanings = map[Status]Meaning{
	Pending:         {"Not launched yet", "The project exists but has had no live traffic.", "Set it LIVE in Prodege peeq when the survey is ready.", Routine},
	Live:            {"Live", "Prodege is sending respondents to the survey.", "", Routine},
	Paused:          {"Paused, no reason given", "Prodege is sending no respondents, and the notice doesn't say why: perhaps a colleague paused it.", "Ask the project's manager, or look at the project in Prodege peeq.", Soon},
	PendingComplete: {"Reconciliation under way", "Prodege is checking the reconciliation; the project is not complete yet.", "Wait for COMPLETE or a rejection. Nothing is invoiced until then.", Routine},
	Complete:        {"Complete", "Fieldwork is closed; except for the invoice, nothing about the project will change.", "There is nothing to do at Prodege. Its invoice comes between the 1st and the 6th of next month.", Routine},
	Invoiced:        {"Invoiced", "Prodege has invoiced the project.", "", Routine},
	Deleted:         {"Deleted", "The project was deleted at Prodege.", "If none of you deleted it, ask " + support + ".", Routine},
}

// Meaning says what the event means to people: a rejected reconciliation and a required CPI first, then its reason,
// then its status. An unknown reason or status is quoted, so the text may contain words from outside.
func (e Event) Meaning() Meaning {
	switch {
	case e.Rejected():
		return byDescription(DescriptionRejection)
	case e.AsksCPI():
		return byDescription(DescriptionCPI)
	}
	if r, found := rowOf(e); found {
		return r.with(e.Description)
	}
	if m, known := statusMeanings[e.Status]; known && (e.Status != Paused || e.Reason == 0 && e.Description == "") {
		return m
	}
	return unknown(e)
}

// Explained reports whether the tables know what the event means.
func (e Event) Explained() bool { return e.Meaning() != unknown(e) }

func byDescription(description string) Meaning {
	return reasons[slices.IndexFunc(reasons, func(r row) bool { return r.description == description })].Meaning
}

// rowOf returns the row that is about the event.
func rowOf(e Event) (row, bool) {
	i := slices.IndexFunc(reasons, func(r row) bool { return r.explains(e) })
	if i < 0 {
		return row{}, false
	}
	return reasons[i], true
}

// explains reports whether the row is about the event: by its code, or by its description if it has no code.
func (r row) explains(e Event) bool {
	if r.reason == 0 {
		return false // Meaning finds these first
	}
	byDescription := e.Reason == 0 && r.description != "" && canonical(e.Description) == r.description
	return (e.Reason == r.reason || byDescription) && r.fits(e.Status)
}

// fits reports whether the row can explain the status: why a project was once paused says nothing about one that is
// live or finished.
func (r row) fits(s Status) bool {
	switch r.reason {
	case ReconciliationTried:
		return s != Live && s != Complete && s != Invoiced && s != Deleted
	case ReconciliationComplete, CompleteInactive:
		return s != Live && s != PendingComplete && s != Invoiced && s != Deleted
	}
	return Event{Status: s}.stopped()
}

// with adds Prodege's own words to a row that says nothing specific.
func (r row) with(description string) Meaning {
	m := r.Meaning
	if r.reason == Other && description != "" && canonical(description) != "OTHER" {
		m.Meaning += " Its description is: " + description + "."
	}
	return m
}

// unknown is the meaning of a reason or a status that is not in the tables.
func unknown(e Event) Meaning {
	m := Meaning{
		Title:   "Unknown reason",
		Meaning: "Prodege gives a reason that Fieldmarshal doesn't know",
		Advice:  "Look at the project in Prodege peeq, and ask " + support + " what it means for you.",
		Urgency: Soon,
	}
	switch {
	case e.Reason != 0:
		m.Title = fmt.Sprintf("Unknown reason %d", e.Reason)
		m.Meaning += fmt.Sprintf(": %d", e.Reason)
		if e.Description != "" {
			m.Meaning += ", described as " + e.Description
		}
	case e.Description != "":
		m.Meaning += ": " + e.Description
	default:
		m.Title = "Unknown status"
		m.Meaning = "Prodege gives a status that Fieldmarshal doesn't know: " + string(e.Status)
	}
	m.Meaning += "."
	return m
}

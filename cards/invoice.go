package cards

import (
	"cmp"
	"fmt"

	"github.com/slack-go/slack"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

const (
	sameInvoice  = "It sends the same invoice with the same key."
	checkAndSend = "Check whether it has been invoiced already. If not, click “Send now”."
	prodegeSends = "Prodege reports the project invoiced when it has sent its own invoice, from the 1st to the 6th of next month."
)

// invoicePhases tell the phases of an invoice. {name} is "Invoice", with the revision if it is not the first.
var invoicePhases = map[project.InvoicePhase]phase{
	project.InvoiceDue:     {"being sent to billing", story{"⏳", "{name}: being sent to billing", "", ""}},
	project.InvoiceSending: {"being sent to billing", story{"⏳", "{name}: being sent to billing", "", ""}},
	project.InvoiceByHand: {"made by hand", story{"🧾", "{name} to make: the project is complete",
		"No billing system is connected here.",
		"Make the invoice, then click “Mark as invoiced”."}},
	project.InvoiceHeld: {"held until the project is complete again", story{"✋", "{name} held: reconciliation continues",
		"The project went back to pending complete. The invoice is sent when it is complete again. There is nothing to do.", ""}},
	project.InvoiceDryRun: {"not sent (dry run)", story{"🧪", "{name} not sent (dry run)",
		"Dry run is on, so billing was not called. When it is switched off, this message asks whether to send the invoice.", ""}},
	project.InvoiceAsks: {"waits for somebody to send it", story{"🧾", "{name}: send it now?",
		"It was held back while dry run was on. Dry run is off now.", "Click “Send now”, unless it was invoiced by hand in the meantime."}},
	project.InvoiceAsked: {"waits for somebody to send it", story{"🧾", "{name}: send it now?",
		"This project may have been invoiced before: it was closed here some time ago and came back, or Prodege reported it invoiced without reporting it complete.",
		checkAndSend}},
	project.InvoiceAsked + "/vouched": {"", story{"🧾", "{name}: send it now?",
		"{vouched} vouched for the report that the project is complete: it did not carry a valid signature of Prodege's.", checkAndSend}},
	project.InvoiceSlow: {"not accepted by billing for an hour, still trying", story{"⚠️", "{name} not delivered for an hour, still trying",
		"{refusal}",
		"Check that the billing system can be reached. Fieldmarshal keeps trying, always with the same key, so that billing can tell a repeat."}},
	project.InvoiceRefused: {"refused by billing", story{"⚠️", "{name} refused by billing", "{refusal}",
		"Fix what billing objects to, then click “Try again”. " + sameInvoice}},
	project.InvoiceRefused + "/here": {"", story{"⚠️", "{name} could not be sent to billing", "{refusal}",
		"When that is fixed, click “Try again”. " + sameInvoice}},
	project.InvoiceSent: {"handed to billing", story{"✅", "{name} handed to billing", prodegeSends, ""}},
	project.InvoiceSent + "/conflict": {"", story{"✅", "{name} is already at billing",
		"An earlier attempt got no answer, and billing has since said twice that it already has this invoice (409). " + prodegeSends,
		"Check at billing that the invoice is there exactly once."}},
	project.InvoiceMarked: {"marked as invoiced", story{"✅", "{name} marked as invoiced", "{by} marked it as invoiced.", ""}},
	project.InvoiceReplaced: {"replaced by a newer revision", story{"↪️", "{name} replaced by a newer revision",
		"Prodege reported the project complete again with other facts, so nothing more is done about this revision.",
		"If this invoice was already made, correct it to match the newer one."}},
	project.InvoiceMissing: {"missing at Prodege", story{"⏰", "Prodege has not invoiced this project",
		"Prodege sends invoices from the 1st to the 6th for projects completed in the month before. It is past the 6th, and Prodege has not reported this project invoiced.",
		"Ask Prodege's billing team why the project is missing from the invoice."}},
	project.InvoiceDeleted: {"closed, the project was deleted at Prodege", story{"🏁", "The project was deleted at Prodege",
		"There is nothing left to invoice, and nothing more is sent from here.",
		"If an invoice has already gone out, check whether it must be cancelled."}},
	project.InvoiceCancelled: {"cancelled by an operator", story{"🛑", "{name} cancelled by an operator",
		"The project's workflow was cancelled in Temporal, so nothing more is sent from here. Billing may already have the invoice.",
		"Check whether it has been invoiced. If not, make the invoice by hand."}},
	project.InvoiceDone: {"done, Prodege reports INVOICED", story{"🏁", "Invoiced by Prodege",
		"Prodege reports that it has invoiced the project. Compare its invoice with ours.", ""}},
}

// InvoicePhase says where an invoice is, to be read after "invoice".
func InvoicePhase(p project.InvoicePhase) string { return cmp.Or(invoicePhases[p].line, string(p)) }

// invoiceMessage tells the finance channel about one revision of a project's invoice. The sum is an estimate; the exact
// one is on Prodege's invoice, which names the project as the field says.
func invoiceMessage(i *project.InvoiceFacts) Message {
	s, name := invoiceStory(i), clean(i.Project.Name, 150)
	l := begin(s.icon+" "+s.title, i.Project)
	l.section(s.what, todo(s.todo))
	l.fields(
		field{"Completed", when(i.CompletedAt)},
		field{"CPI", dollars(i.CPI)},
		field{"Completes", only(i.Completes > 0, "about "+number(i.Completes))},
		field{"Sum", only(i.Completes > 0 && i.CPI != nil, "about "+deref(i.CPI).Times(i.Completes).Dollars())},
		field{"On Prodege's invoice", only(name != "", sentences(clean(i.Project.PONumber, 60), name, "|", i.Project.ID.String()))},
		field{"Prodege's reason", clean(reasonFor(prodege.Complete, i.Reason, i.Description), 200)},
	)
	l.section(notes(prodege.Event{ReconciliationNote: i.Note})...)
	l.context(only(!i.PhaseAt.IsZero(), "as of "+when(i.PhaseAt)), fmt.Sprintf("revision %d", i.Revision),
		known("key", clean(i.Key, 100)))
	l.frame(i.Frame)
	l.actions(invoiceButton(i)...)
	return l.message(i.Frame)
}

func invoiceStory(i *project.InvoiceFacts) story {
	phase, name, revised := i.Phase, "Invoice", ""
	switch {
	case phase == project.InvoiceAsked && i.Vouched != "":
		phase += "/vouched"
	case phase == project.InvoiceRefused && isOurs(i.Refusal):
		phase += "/here"
	case phase == project.InvoiceSent && i.Conflict:
		phase += "/conflict"
	}
	if i.Revision > 1 {
		name = fmt.Sprintf("Invoice (revision %d)", i.Revision)
		revised = fmt.Sprintf("Prodege reported the project complete again with other facts; this replaces revision %d.", i.Revision-1)
	}
	s := invoicePhases[phase].story
	if s.title == "" {
		return story{"🧾", name, sentences(revised, "State: "+clean(string(phase), 40)+"."), ""}
	}
	s = s.fill("{name}", name, "{refusal}", refusal(i.Refusal), "{by}", mention(i.By), "{vouched}", mention(i.Vouched))
	s.what = sentences(revised, s.what)
	return s
}

// invoiceButton is the phase's one button; none if it has none.
func invoiceButton(i *project.InvoiceFacts) []*slack.ButtonBlockElement {
	return Button{Project: i.Project.ID, Revision: i.Revision}.elements(some(map[project.InvoicePhase]string{
		project.InvoiceByHand:  ActionMarkInvoiced,
		project.InvoiceRefused: ActionInvoiceRetry,
		project.InvoiceAsks:    ActionInvoiceSend,
		project.InvoiceAsked:   ActionInvoiceSend,
	}[i.Phase])...)
}

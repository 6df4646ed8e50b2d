package cards

import (
	"fmt"

	"github.com/slack-go/slack"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// invoice words the message to the finance channel about one revision of a project's invoice.
type invoice struct{ *project.InvoiceFacts }

func (i invoice) message() Message {
	s := i.story()
	var l layout
	l.header(s.icon + " " + s.title)
	l.name(i.Project)
	l.section(s.what, todo(s.todo))
	l.fields(
		field{"Completed", when(i.CompletedAt)},
		field{"CPI", dollars(i.CPI)},
		field{"Completes", i.completes()},
		field{"Sum", i.sum()},
		field{"On Prodege's invoice", i.prodegeLine()},
		field{"Prodege's reason", i.reason()},
	)
	if note := quoted(i.Note, 1500); note != "" {
		l.section("*Reconciliation note:*", note)
	}
	l.context(i.reached(), fmt.Sprintf("revision %d", i.Revision), known("key", clean(i.Key, 100)))
	l.frame(i.Frame)
	l.actions(i.button())
	return l.message(i.Frame)
}

func (i invoice) reason() string {
	if i.Reason == 0 && i.Description == "" {
		return ""
	}
	return clean(Reason(prodege.Event{Status: prodege.Complete, Reason: i.Reason, Description: i.Description}), 200)
}

func (i invoice) completes() string {
	if i.Completes <= 0 {
		return ""
	}
	return "about " + number(i.Completes)
}

// sum is an estimate; the exact sum is on Prodege's invoice.
func (i invoice) sum() string {
	if i.Completes <= 0 || i.CPI == nil {
		return ""
	}
	return "about " + i.CPI.Times(i.Completes).Dollars()
}

// prodegeLine is how Prodege's own invoice names the project, so that finance finds it there.
func (i invoice) prodegeLine() string {
	name := clean(i.Project.Name, 150)
	if name == "" {
		return ""
	}
	return sentences(clean(i.Project.PONumber, 60), name, "|", i.Project.ID.String())
}

func (i invoice) reached() string {
	if i.PhaseAt.IsZero() {
		return ""
	}
	return "as of " + when(i.PhaseAt)
}

// what names the invoice: the first one, or which revision.
func (i invoice) what() string {
	if i.Revision > 1 {
		return fmt.Sprintf("Invoice (revision %d)", i.Revision)
	}
	return "Invoice"
}

// story tells the phase of an invoice while something is still to be done.
func (i invoice) story() story {
	revised := ""
	if i.Revision > 1 {
		revised = fmt.Sprintf("Prodege reported the project complete again with other facts; this replaces revision %d.", i.Revision-1)
	}
	s := i.phaseStory(i.what())
	s.what = sentences(revised, s.what)
	return s
}

// sameInvoice is what happens when somebody tries again.
const sameInvoice = "It sends the same invoice with the same key."

func (i invoice) phaseStory(name string) story {
	switch i.Phase {
	case project.InvoiceDue, project.InvoiceSending:
		return story{icon: "⏳", title: name + ": being sent to billing"}
	case project.InvoiceByHand:
		return story{icon: "🧾", title: name + " to make: the project is complete",
			what: "No billing system is connected here.", todo: "Make the invoice, then click “Mark as invoiced”."}
	case project.InvoiceHeld:
		return story{icon: "✋", title: name + " held: reconciliation continues",
			what: "The project went back to pending complete. The invoice is sent when it is complete again. There is nothing to do."}
	case project.InvoiceDryRun:
		return story{icon: "🧪", title: name + " not sent (dry run)",
			what: "Dry run is on, so billing was not called. When it is switched off, this message asks whether to send the invoice."}
	case project.InvoiceAsks:
		return story{icon: "🧾", title: name + ": send it now?",
			what: "It was held back while dry run was on. Dry run is off now.", todo: "Click “Send now”, unless it was invoiced by hand in the meantime."}
	case project.InvoiceAsked:
		what := "This project may have been invoiced before: it was closed here some time ago and came back, or Prodege reported it invoiced without reporting it complete."
		if i.Vouched != "" {
			what = person(i.Vouched) + " vouched for the report that the project is complete: it did not carry a valid signature of Prodege's."
		}
		return story{icon: "🧾", title: name + ": send it now?", what: what, todo: "Check whether it has been invoiced already. If not, click “Send now”."}
	case project.InvoiceSlow:
		return story{icon: "⚠️", title: name + " not delivered for an hour, still trying", what: refusal(i.Refusal),
			todo: "Check that the billing system can be reached. Fieldmarshal keeps trying, always with the same key, so that billing can tell a repeat."}
	case project.InvoiceRefused:
		if isOurs(i.Refusal) {
			return story{icon: "⚠️", title: name + " could not be sent to billing", what: refusal(i.Refusal), todo: "When that is fixed, click “Try again”. " + sameInvoice}
		}
		return story{icon: "⚠️", title: name + " refused by billing", what: refusal(i.Refusal), todo: "Fix what billing objects to, then click “Try again”. " + sameInvoice}
	}
	return i.settledStory(name)
}

// settledStory tells the phases in which nothing more is sent.
func (i invoice) settledStory(name string) story {
	switch i.Phase {
	case project.InvoiceSent:
		s := story{icon: "✅", title: name + " handed to billing", what: "Prodege reports the project invoiced when it has sent its own invoice, from the 1st to the 6th of next month."}
		if i.Conflict {
			s.title, s.todo = name+" is already at billing", "Check at billing that the invoice is there exactly once."
			s.what = "An earlier attempt got no answer, and billing has since said twice that it already has this invoice (409). " + s.what
		}
		return s
	case project.InvoiceMarked:
		return story{icon: "✅", title: name + " marked as invoiced", what: person(i.By) + " marked it as invoiced."}
	case project.InvoiceReplaced:
		return story{icon: "↪️", title: name + " replaced by a newer revision",
			what: "Prodege reported the project complete again with other facts, so nothing more is done about this revision.",
			todo: "If this invoice was already made, correct it to match the newer one."}
	case project.InvoiceMissing:
		return story{icon: "⏰", title: "Prodege has not invoiced this project",
			what: "Prodege sends invoices from the 1st to the 6th for projects completed in the month before. It is past the 6th, and Prodege has not reported this project invoiced.",
			todo: "Ask Prodege's billing team why the project is missing from the invoice."}
	case project.InvoiceDeleted:
		return story{icon: "🏁", title: "The project was deleted at Prodege",
			what: "There is nothing left to invoice, and nothing more is sent from here.",
			todo: "If an invoice has already gone out, check whether it must be cancelled."}
	case project.InvoiceCancelled:
		return story{icon: "🛑", title: name + " cancelled by an operator",
			what: "The project's workflow was cancelled in Temporal, so nothing more is sent from here. Billing may already have the invoice.",
			todo: "Check whether it has been invoiced. If not, make the invoice by hand."}
	case project.InvoiceDone:
		return story{icon: "🏁", title: "Invoiced by Prodege", what: "Prodege reports that it has invoiced the project. Compare its invoice with ours."}
	}
	return story{icon: "🧾", title: name, what: "State: " + clean(string(i.Phase), 40) + "."}
}

// button is the phase's one button; nil if it has none.
func (i invoice) button() *slack.ButtonBlockElement {
	b := Button{Project: i.Project.ID, Revision: i.Revision}
	switch i.Phase {
	case project.InvoiceByHand:
		return b.element(ActionMarkInvoiced, "", slack.StylePrimary)
	case project.InvoiceRefused:
		return b.element(ActionInvoiceRetry, "", slack.StylePrimary)
	case project.InvoiceAsks, project.InvoiceAsked:
		return b.element(ActionInvoiceSend, "", slack.StylePrimary)
	}
	return nil
}

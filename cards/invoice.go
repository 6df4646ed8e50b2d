package cards

import (
	"fmt"

	"github.com/slack-go/slack"
)

// message tells the finance channel where one revision of a project's invoice stands.
func (i *Invoice) message() Message {
	s := i.story()
	var l layout
	l.header(s.icon + " " + s.title)
	l.section(i.Project.label())
	l.section(s.what, todo(s.todo))
	l.fields(
		field{"Completed", when(i.CompletedAt)},
		field{"CPI", dollars(i.CPI)},
		field{"Completes", i.completes()},
		field{"Sum", i.sum()},
		field{"On Prodege's invoice", i.prodegeLine()},
		field{"Prodege's reason", reasonWords(i.Reason, i.Description)},
	)
	if note := quoted(i.Note, 1500); note != "" {
		l.section("*Reconciliation note:*", note)
	}
	l.context(i.reached(), fmt.Sprintf("revision %d", i.Revision), known("key", clean(i.Key, 100)))
	l.frame(i.Frame)
	l.actions(i.button())
	return Message{Text: i.text(s), Blocks: l.blocks}
}

func (i *Invoice) text(s story) string {
	return i.line(mark(s.title), s.what, s.todo,
		sentence("Completed "+utc(i.CompletedAt), known("CPI", dollars(i.CPI)), known("completes", i.completes()), known("sum", i.sum())),
		sentence(known("note:", clean(i.Note, 500))), sentence(known("key", clean(i.Key, 100))))
}

func (i *Invoice) completes() string {
	if i.Completes <= 0 {
		return ""
	}
	return "about " + number(i.Completes)
}

// sum is an estimate for orientation; the exact one stands on Prodege's invoice.
func (i *Invoice) sum() string {
	if i.Completes <= 0 || i.CPI == nil {
		return ""
	}
	return "about " + i.CPI.Times(i.Completes).Dollars()
}

// prodegeLine is how Prodege's own invoice names the project, so that finance finds it there.
func (i *Invoice) prodegeLine() string {
	name := clean(i.Project.Name, 150)
	if name == "" {
		return ""
	}
	return sentences(clean(i.Project.PONumber, 60), name, "|", i.Project.ID.String())
}

func (i *Invoice) reached() string {
	if i.PhaseAt.IsZero() {
		return ""
	}
	return "as of " + when(i.PhaseAt)
}

// what names the invoice: the first one, or which revision.
func (i *Invoice) what() string {
	if i.Revision > 1 {
		return fmt.Sprintf("Invoice (revision %d)", i.Revision)
	}
	return "Invoice"
}

// story tells the phase an invoice is in.
func (i *Invoice) story() story {
	revised := ""
	if i.Revision > 1 {
		revised = fmt.Sprintf("The project was reported complete again with other facts; this replaces revision %d. ", i.Revision-1)
	}
	name := i.what()
	switch i.Phase {
	case InvoiceByHand:
		return story{icon: "🧾", title: name + " to make: the project is complete",
			what: revised + "No billing system is connected here.", todo: "Make the invoice, then click “Mark as invoiced”."}
	case InvoiceHeld:
		return story{icon: "✋", title: name + " held: reconciliation goes on",
			what: revised + "The project went back to pending complete. The invoice is sent when it is complete again; nothing is to be done."}
	case InvoiceDryRun:
		return story{icon: "🧪", title: name + " not sent (dry run)",
			what: revised + "Dry run is on, so billing was not called. When it is off again, this message asks whether to send."}
	case InvoiceAsks:
		return story{icon: "🧾", title: name + ": send it now?",
			what: revised + "It was held back while dry run was on, which is off again now.",
			todo: "Click “Send now”, unless it was invoiced by hand meanwhile."}
	case InvoiceAsked:
		return story{icon: "🧾", title: name + ": send it?",
			what: revised + "This project was closed here some time ago and came back, and Prodege can't be asked whether that is right. It may have been invoiced already.",
			todo: "Look whether it was invoiced; if not, click “Send now”."}
	case InvoiceSlow:
		return story{icon: "⚠️", title: name + " not delivered for an hour, still trying",
			what: revised + i.Refusal.words(), todo: "Look whether the billing system is reachable. It is sent by itself once it is; billing gets it once, by its key."}
	case InvoiceRefused:
		return story{icon: "⚠️", title: name + " refused by billing",
			what: revised + i.Refusal.words(), todo: "Mend what billing names, then click “Try again”. The same invoice with the same key is sent."}
	}
	return i.settledStory(name, revised)
}

// settledStory tells the phases in which the invoice has left us.
func (i *Invoice) settledStory(name, revised string) story {
	switch i.Phase {
	case InvoiceSent:
		return story{icon: "✅", title: name + " handed to billing", what: revised + "Prodege reports INVOICED once its own invoice is out, from the 1st to the 6th of the month after."}
	case InvoiceMarked:
		return story{icon: "✅", title: name + " marked as invoiced", what: revised + person(i.By) + " marked it as invoiced."}
	case InvoiceMissing:
		return story{icon: "⏰", title: "Prodege has not invoiced this project",
			what: "Prodege sends invoices from the 1st to the 6th for projects completed in the month before. The 7th has come, and it has not reported INVOICED.",
			todo: "Ask Prodege's billing why the project is missing from the invoice."}
	case InvoiceDeleted:
		return story{icon: "🏁", title: "The project was deleted at Prodege",
			what: revised + "There is nothing left to invoice, and nothing more is sent from here.",
			todo: "If an invoice went out already, look whether it must be cancelled."}
	case InvoiceCancelled:
		return story{icon: "🛑", title: name + " given up by whoever runs Fieldmarshal",
			what: revised + "Its workflow was cancelled, so nothing more is sent from here. Whether billing has it already is not certain.",
			todo: "Look whether it was invoiced; if not, make the invoice by hand."}
	case InvoiceDone:
		return story{icon: "🏁", title: "Invoiced by Prodege", what: "Prodege reports the project as INVOICED. Compare its invoice with ours."}
	}
	return story{icon: "🧾", title: name, what: "State: " + clean(string(i.Phase), 40) + "."}
}

// button is the phase's one button; nil where it has none.
func (i *Invoice) button() *slack.ButtonBlockElement {
	b := Button{Workflow: i.Workflow, Project: i.Project.ID, Revision: i.Revision}
	switch i.Phase {
	case InvoiceByHand:
		return b.element(ActionMarkInvoiced, "", slack.StylePrimary)
	case InvoiceRefused:
		return b.element(ActionInvoiceRetry, "", slack.StylePrimary)
	case InvoiceAsks, InvoiceAsked:
		return b.element(ActionInvoiceSend, "", slack.StylePrimary)
	}
	return nil
}

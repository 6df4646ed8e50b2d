package operator

import (
	"fmt"
	"strconv"
	"strings"

	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

func (c *call) stateText(p *page, s State) {
	p.line("Project %s  %s", s.Project, strings.Trim(s.Name+", "+s.PONumber, ", "))
	if s.Source == fromAttributes {
		p.line("No worker answers: this is what Temporal's list knows.")
	}
	status := or(string(s.Status), "no status yet")
	switch {
	case s.StatusSince.IsZero():
	case !s.PausedSince.IsZero() && s.PausedSince.Before(s.StatusSince):
		status += fmt.Sprintf(" since %s (%s), newest event %s (%s ago)", stamp(s.PausedSince), c.ago(s.PausedSince), stamp(s.StatusSince), c.ago(s.StatusSince))
	default:
		status += fmt.Sprintf(" since %s (%s)", stamp(s.StatusSince), c.ago(s.StatusSince))
	}
	if s.Reason != 0 || s.Description != "" {
		status += ": " + reason(s.Status, s.Reason, s.Description)
	}
	p.line("  status     %s", status)
	waits := waitingWords(s.WaitingFor, s.Status)
	if len(s.Offers) > 0 {
		waits = waitsForActs
	}
	p.line("  waits for  %s, since %s (%s)", waits, stamp(s.WaitingSince), c.ago(s.WaitingSince))
	if len(s.Offers) > 0 {
		p.line("  offers     %s", offerWords(s.Project, s.Offers))
	}
	if s.Summary != "" {
		p.line("  summary    %s", s.Summary)
	}
	if !s.Inactive.IsZero() {
		p.line("  inactive   Prodege completes it by itself about %s (in %s)", stamp(s.Inactive), lasting(s.Inactive.Sub(c.now())))
	}
	if s.Attention != "" {
		p.line("  ATTENTION  %s", s.Attention)
	}
	if s.Note != "" {
		p.line("  note       %s", s.Note)
	}
	if s.SecondLife {
		p.line("  it may have had a life here before: Prodege, or people, are asked before an invoice")
	}
	if s.SweepFault != "" {
		p.line("  Prodege could not be asked: %s", faultWords(s.SweepFault))
	}
	if !s.ClosesAt.IsZero() {
		p.line("  closes     %s", stamp(s.ClosesAt))
	}
	p.line("  workflow   %s", s.Link)
	c.workText(p, s)
	pastText(p, s)
}

func (c *call) workText(p *page, s State) {
	for _, r := range s.Requests {
		p.line("\nCPI request %s", r.Workflow)
		p.line("  %s", requestLine(r))
		if !r.Deadline.IsZero() {
			p.line("  expires %s (in %s)", stamp(r.Deadline), lasting(r.Deadline.Sub(c.now())))
		}
		if r.Link != "" {
			p.line("  asked in %s", r.Link)
		}
	}
	for _, r := range s.Actions {
		p.line("\nActions from the alert %s", r.Workflow)
		p.line("  %s", actWords(r.Phase))
	}
	if s.Invoice != nil {
		p.line("\nInvoice r%d: %s", s.Invoice.Revision, invoiceWords(s.Invoice.Phase))
		if s.Invoice.Link != "" {
			p.line("  told in %s", s.Invoice.Link)
		}
	}
}

func requestLine(r Request) string {
	text := "required " + dollars(r.Required)
	if r.MaxCPI != nil {
		text += ", max CPI now " + dollars(r.MaxCPI)
	}
	text += ": " + phaseWords(r.Phase)
	if !r.Started {
		text += "; begins when the acceptance in flight has ended"
	}
	return text
}

func pastText(p *page, s State) {
	if s.Counts != nil {
		n := s.Counts
		p.line("\nEvents: %d received = %d applied + %d duplicate + %d late + %d unusable", n.Received, n.Applied, n.Duplicate, n.Late, n.Unusable)
	}
	if len(s.Events) > 0 {
		var rows [][]string
		for i := len(s.Events) - 1; i >= 0; i-- {
			e := s.Events[i]
			rows = append(rows, []string{stamp(e.Time), string(e.ID), string(e.Status), number(e.Reason), string(e.Source), string(e.Disposition)})
		}
		p.table([]string{"TIME", "EVENT", "STATUS", "REASON", "SOURCE", "BECAME"}, rows)
	}
	if len(s.Ledger) > 0 {
		p.line("\nLedger, newest first")
		ledgerTable(p, s.Ledger)
	}
}

func ledgerTable(p *page, l workflows.Ledger) {
	var rows [][]string
	for i := len(l) - 1; i >= 0; i-- {
		line := l[i]
		who := line.By
		if line.From != "" {
			who += " (" + line.From + ")"
		}
		what := line.What
		if line.Kind == workflows.LineDecision {
			what = decisionWords(what)
		}
		if line.DryRun {
			what += " (dry run)"
		}
		rows = append(rows, []string{stamp(line.At), string(line.Kind), what, dollars(line.Amount), or(who, "-"), line.Ref})
	}
	p.table([]string{"TIME", "KIND", "WHAT", "AMOUNT", "BY", "REF"}, rows)
}

func number(r prodege.Reason) string {
	if r == 0 {
		return "-"
	}
	return strconv.Itoa(int(r))
}

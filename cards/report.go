package cards

import (
	"slices"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

const (
	// digestListed is how many pauses a digest lists; the others are counted. Forty lines of at most 250
	// characters stay within what Slack takes in all blocks together.
	digestListed = 40
	digestLine   = 250
	digestLines  = 10 // in one section

	// reportRows is how many reasons a report lists; Prodege documents ten.
	reportRows = 12
)

// digestMessage tells of many pauses in one message, a line each.
func digestMessage(d *project.Digest) Message {
	var l layout
	count := len(d.Items) + d.More
	l.header("⏸️ " + counted(count, "project") + " paused")
	l.section("They paused faster than Slack accepts messages, so they share one message. " +
		"Each gets messages of its own again as soon as something changes.")
	listed := d.Items[:min(len(d.Items), digestListed)]
	for part := range slices.Chunk(listed, digestLines) {
		var texts []string
		for _, item := range part {
			texts = append(texts, digestItem(item))
		}
		l.section(texts...)
	}
	rest := count - len(listed)
	l.context(only(rest > 0, "and "+number(rest)+" more: the Temporal UI lists them all (ProjectStatus = “PAUSED”)"))
	return l.end(project.Frame{UI: d.UI, Simulated: d.Simulated})
}

// digestItem is one pause: which project, for what, since when.
func digestItem(i project.DigestItem) string {
	state := "since " + when(i.Since)
	if i.End != nil {
		state = "over: " + endWords(i.End, i.Since)
	}
	name := nameLine(i.Project)
	if len(name) > 120 { // a long name is cut before it is put together, so that no markup is torn
		name = nameLine(project.Name{ID: i.Project.ID, Name: clean(i.Project.Name, 30)})
	}
	why := Reason(prodege.Event{Status: prodege.Paused, Reason: i.Reason, Description: i.Description})
	text := dots("• "+name, clean(why, 75), state)
	if linked := dots(text, link(i.UI, "Temporal UI")); len(linked) <= digestLine {
		return linked
	}
	return text
}

// reportMessage tells what the pauses of a time came to. The sum comes first: on a phone that is enough.
func reportMessage(r *project.Report) Message {
	var l layout
	days := counted(int(r.Until.Sub(r.Since).Round(24*time.Hour)/(24*time.Hour)), "day")
	l.header("📊 Pauses of the last " + days)
	l.section(rowSum(r.All), rowMoney(r.All))
	for _, row := range r.Rows[:min(reportRows, len(r.Rows))] {
		why := Reason(prodege.Event{Status: prodege.Paused, Reason: row.Reason, Description: row.Description})
		l.section(bold(clean(capital(why), 100)), rowSum(row))
	}
	rest := len(r.Rows) - reportRows
	l.context(only(rest > 0, "and "+number(rest)+" more reasons: `fieldmarshal report` has them all"))
	if b := r.Before; b != nil {
		text := "none."
		if b.Pauses > 0 || b.Still > 0 {
			text = commas(counted(b.Pauses, "pause"), typical(*b), "paused for "+hours(b.Still)+" in all.")
		}
		l.context("The " + days + " before: " + text)
	}
	l.context( // why the sums may be too low
		only(r.Unread > 0, "⚠️ without "+counted(r.Unread, "project")+" that could not be read"),
		only(r.Forgotten > 0, "⚠️ without older pauses of "+counted(r.Forgotten, "project")+", whose ledger does not reach back that far"))
	l.context(when(r.Since)+" to "+when(r.Until), counted(r.Projects, "project")+" read")
	return l.end(project.Frame{UI: r.UI, Simulated: r.Simulated})
}

// rowSum is what a row comes to: "9 pauses, decided after 7 min, live after 9 min (median). Paused for 5 h in all."
func rowSum(r project.ReportRow) string {
	if r.Pauses == 0 && r.Still == 0 {
		return "No project was paused."
	}
	began := counted(r.Pauses, "pause")
	if r.Pauses == 0 {
		began = "No new pause"
	}
	median := typical(r)
	return commas(began, median) + only(median != "", " (median)") + ". Paused for " + hours(r.Still) + " in all" +
		only(r.Standing > 0, "; "+counted(r.Standing, "project")+" still paused") + "."
}

// typical is how long it usually took; empty if nothing was decided and nothing went live.
func typical(r project.ReportRow) string {
	return commas(only(r.Decided > 0, "decided after "+lasting(r.ToDecision)), only(r.Live > 0, "live after "+lasting(r.ToLive)))
}

// hours writes a sum of many pauses, which days and minutes would not make clearer.
func hours(d time.Duration) string {
	if d < time.Hour {
		return lasting(d)
	}
	return number(int64(d.Round(time.Hour)/time.Hour)) + " h"
}

// rowMoney is what was approved and refused; empty if nothing was.
func rowMoney(r project.ReportRow) string {
	return only(!r.Approved.IsZero() || !r.Refused.IsZero() || r.Unpriced > 0,
		"Extra cost: about "+r.Approved.Dollars()+" approved, about "+r.Refused.Dollars()+" refused"+
			only(r.Unpriced > 0, "; not known for "+counted(r.Unpriced, "decision"))+".")
}

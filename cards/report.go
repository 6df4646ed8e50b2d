package cards

import (
	"fmt"
	"strings"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// reportRows is how many reasons a report lists; Prodege documents ten.
const reportRows = 12

// report words what the pauses of a time came to. The sum comes first: on a phone that is enough.
type report struct{ *project.Report }

// row is one line of it.
type row struct{ project.ReportRow }

func (r report) message() Message {
	var l layout
	l.header("📊 Pauses of the last " + days(r.Until.Sub(r.Since)))
	l.section(row{r.All}.sum(), row{r.All}.money())
	for i, facts := range r.Rows {
		if i == reportRows {
			l.context(fmt.Sprintf("and %s more reasons: `fieldmarshal report` has them all", number(int64(len(r.Rows)-i))))
			break
		}
		l.section(bold(row{facts}.title()), row{facts}.sum())
	}
	l.context(r.compared())
	l.context(r.gaps()...)
	l.context(when(r.Since)+" to "+when(r.Until), counted(r.Projects, "project")+" read")
	f := project.Frame{UI: r.UI, Simulated: r.Simulated}
	l.frame(f)
	return l.message(f)
}

// days names a length of time in whole days.
func days(d time.Duration) string { return counted(int(d.Round(24*time.Hour)/(24*time.Hour)), "day") }

// counted is "1 pause", "12 pauses".
func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return number(int64(n)) + " " + what
}

// title names the reason of a row.
func (r row) title() string {
	return clean(capital(Reason(prodege.Event{Status: prodege.Paused, Reason: r.Reason, Description: r.Description})), 100)
}

// sum is what a row comes to: "9 pauses, decided after 7 min, live after 9 min (median). Paused for 5 h in all."
func (r row) sum() string {
	if r.Pauses == 0 && r.Still == 0 {
		return "No project was paused."
	}
	began := counted(r.Pauses, "pause")
	if r.Pauses == 0 {
		began = "No new pause"
	}
	typical := ""
	if t := r.typical(); t != "" {
		typical = ", " + t + " (median)"
	}
	still := ""
	if r.Standing > 0 {
		still = "; " + counted(r.Standing, "project") + " still paused"
	}
	return began + typical + ". Paused for " + hours(r.Still) + " in all" + still + "."
}

// typical is how long it usually took; empty if nothing was decided and nothing went live.
func (r row) typical() string {
	var parts []string
	if r.Decided > 0 {
		parts = append(parts, "decided after "+lasting(r.ToDecision))
	}
	if r.Live > 0 {
		parts = append(parts, "live after "+lasting(r.ToLive))
	}
	return strings.Join(parts, ", ")
}

// hours writes a sum of many pauses, which days and minutes would not make clearer.
func hours(d time.Duration) string {
	if d < time.Hour {
		return lasting(d)
	}
	return number(int64(d.Round(time.Hour)/time.Hour)) + " h"
}

// money is what was approved and refused; empty if nothing was.
func (r row) money() string {
	if r.Approved.IsZero() && r.Refused.IsZero() && r.Unpriced == 0 {
		return ""
	}
	text := "Extra cost: about " + r.Approved.Dollars() + " approved, about " + r.Refused.Dollars() + " refused"
	if r.Unpriced > 0 {
		text += "; not known for " + counted(r.Unpriced, "decision")
	}
	return text + "."
}

// compared is the time before in one line.
func (r report) compared() string {
	if r.Before == nil {
		return ""
	}
	b := row{*r.Before}
	if b.Pauses == 0 && b.Still == 0 {
		return "The " + days(r.Until.Sub(r.Since)) + " before: none."
	}
	text := "The " + days(r.Until.Sub(r.Since)) + " before: " + counted(b.Pauses, "pause")
	if t := b.typical(); t != "" {
		text += ", " + t
	}
	return text + ", paused for " + hours(b.Still) + " in all."
}

// gaps say why the sums may be too low.
func (r report) gaps() (parts []string) {
	if r.Unread > 0 {
		parts = append(parts, "⚠️ without "+counted(r.Unread, "project")+" that could not be read")
	}
	if r.Forgotten > 0 {
		parts = append(parts, "⚠️ without older pauses of "+counted(r.Forgotten, "project")+", whose ledger does not reach back that far")
	}
	return parts
}

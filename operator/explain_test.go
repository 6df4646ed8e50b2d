package operator

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"fieldmarshal/inbox"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// withLedger is asks, with a dry run's decision and a refusal in its ledger.
func withLedger() *fakes {
	f := asks()
	f.project.Ledger = []project.Line{
		{At: noon.Add(-2 * time.Hour), Kind: project.LinePaused, Reason: prodege.RealTimePricing, Amount: usd("4.25"), Ref: "e1"},
		{At: noon.Add(-2 * time.Hour), Kind: project.LineAsked, Amount: usd("4.25"), Ref: "e1"},
		{At: noon.Add(-time.Hour), Kind: project.LineDecided, Verdict: project.Approve, Amount: usd("4.00"), By: "U1", From: project.FromSlack, Ref: "e1", DryRun: true},
		{At: noon.Add(-time.Hour), Kind: project.LineRefused, Amount: usd("4.00"), Text: "no", Ref: "e1"},
	}
	return f
}

func TestExplainAProject(t *testing.T) {
	f := withLedger()
	f.accepting = false
	f.project.Settings.DryRun, f.project.Settings.HasAPIKey = true, false
	run(t, f.world(), "", "explain", "29303649").wants(t, 0,
		"2026-03-02 11:00:00Z  U1 approved $4.00 (dry run) (e1).  [ledger]",
		"$4.00 was refused: no (e1).  [ledger]",
		"duplicate, known already.  [last events]", "late, a newer one was known.  [last events]",
		"It waits for approval of its CPI, since 2026-03-02 10:00:00Z.  [state]",
		"Its CPI request: asks to accept $4.25, now $3.75.", "DRY_RUN was on", "no PRODEGE_API_KEY", "Accepting is off for all projects, by nobody known.  [kill switch]")
	run(t, (&fakes{}).world(), "", "explain", "1").wants(t, ExitNoEffect, "not known here")
	run(t, (&fakes{}).world(), "", "explain").wants(t, ExitUsage)
}

func TestExplainAnEvent(t *testing.T) {
	f := withLedger()
	f.signals = []Signal{{At: noon.Add(-2 * time.Hour), Event: prodege.Event{ID: "e1", Status: prodege.Paused, Reason: 160, Time: noon.Add(-2 * time.Hour), Received: noon.Add(-2 * time.Hour)}}}
	f.listing.Waiting = []inbox.Waiting{{At: noon, Event: prodege.Event{ID: "e9", ProjectID: theProject}}}
	f.letters = []inbox.DeadLetter{{ID: 4, Reason: "too large", Event: prodege.Event{ID: "e8", ProjectID: theProject}}}
	for event, c := range map[string]struct {
		code int
		says []string
	}{
		"e1":      {0, []string{"[history]", "applied.", "duplicate, known already", "paused: a CPI of $4.25 is required (e1).  [ledger]", "$4.00 was refused"}},
		"e0":      {0, []string{"late, a newer one was known"}},
		"e9":      {0, []string{"waits on disk", "[inbox]"}},
		"e8":      {0, []string{"dead letter 4: too large"}},
		"unheard": {ExitNoEffect, []string{"nothing is known of event unheard", "fieldmarshal refused"}},
	} {
		t.Run(event, func(t *testing.T) {
			run(t, f.world(), "", "explain", "29303649", event).wants(t, c.code, c.says...)
		})
	}
	var e Explanation
	if err := json.Unmarshal([]byte(run(t, f.world(), "", "explain", "29303649", "e0", "--json").out), &e); err != nil || e.Event != "e0" || len(e.Sentences) < 2 || e.Sentences[0].Source != srcEvents {
		t.Errorf("%+v, %v", e, err)
	}
	// A project that Temporal has never heard of may still wait in the inbox.
	f.project = nil
	run(t, f.world(), "", "explain", "29303649", "e9").wants(t, 0, "waits on disk")
	run(t, f.world(), "", "explain", "29303649", "e1").wants(t, ExitNoEffect, "not known here")
	// Without a worker Temporal's history still tells that it came.
	f.fault = context.DeadlineExceeded
	run(t, f.world(), "", "explain", "29303649", "e1").wants(t, 0, "Temporal received event e1")
	f.signals = nil
	run(t, f.world(), "", "explain", "29303649", "e1").wants(t, ExitFailed, "no worker does")
}

// TestLinesOfALongID: the ledger shortens it.
func TestLinesOfALongID(t *testing.T) {
	long := prodege.EventID(strings.Repeat("x", 100))
	s := project.New(theProject)
	e := event("", time.Hour, prodege.Paused, prodege.SampleSize)
	e.ID = long
	step(s, time.Hour, project.Turn{Events: []prodege.Event{e}})
	for _, id := range []prodege.EventID{long, "e with blanks"} {
		l := project.Line{Ref: string(project.SafeID(id))}
		if !about(l, id) || about(l, "other") {
			t.Errorf("%s is not found", id)
		}
	}
	if !about(s.Ledger[0], long) || about(s.Ledger[0], "xy") {
		t.Errorf("%s is not found", s.Ledger[0].Ref)
	}
}

func TestEveryLineHasWords(t *testing.T) {
	for _, kind := range []project.LineKind{project.LinePaused, project.LineTold, project.LineAsked, project.LineDecided, project.LineExpired, project.LineAccepted,
		project.LineRefused, project.LineStopped, project.LineAbandoned, project.LineLive, project.LineEnded, project.LineClosed, project.LineFound, project.LineInvoice} {
		l := project.Line{Kind: kind, Amount: usd("4.25"), Status: prodege.Complete, Text: "why", Verdict: project.Approve}
		if got := lineWords(l); got == string(kind)+" why" || strings.Contains(got, "_") {
			t.Errorf("%s is told as %q", kind, got)
		}
	}
	if got := lineWords(project.Line{Kind: project.LineAccepted, Action: prodege.ActSample, Number: 600}); got != "Prodege accepted Raise sample size (600)" {
		t.Errorf("an action: %s", got)
	}
}

// disputed is a project with an invoice, and texts that a spreadsheet would obey.
func disputed() *fakes {
	f := withLedger()
	f.signals = []Signal{
		{At: noon.Add(-26 * time.Hour), Event: prodege.Event{ID: "ancient", Time: noon.Add(-26 * time.Hour), Status: prodege.Live}},
		{At: noon.Add(-2 * time.Hour), Event: prodege.Event{ID: "e1", Time: noon.Add(-2 * time.Hour), Status: prodege.Paused, Reason: 160, Description: "=HYPERLINK(0)", RequiredCPI: usd("4.25")}},
		{At: noon.Add(-time.Hour), Event: prodege.Event{ID: "e1", Time: noon.Add(-2 * time.Hour), Status: prodege.Paused, Reason: 160}},
	}
	f.project.Ledger = append(f.project.Ledger, project.Line{At: noon, Kind: project.LineInvoice, Text: "sent", Ref: "=1+1"})
	f.project.Invoice = &project.Invoicing{Revision: 1, Key: "project-29303649-invoice-r1", Body: `{"type":"invoice.requested"}`, Phase: project.InvoiceSent}
	return f
}

// becameOf is what became of each event.
func becameOf(e Evidence) string {
	var list []string
	for _, ev := range e.Events {
		list = append(list, string(ev.Event.ID)+" "+string(ev.Disposition))
	}
	return strings.Join(list, ", ")
}

func TestEvidence(t *testing.T) {
	var e Evidence
	if err := json.Unmarshal([]byte(run(t, disputed().world(), "", "evidence", "29303649").out), &e); err != nil {
		t.Fatal(err)
	}
	if got, want := becameOf(e), "ancient , e0 late, e1 applied, e1 duplicate"; got != want {
		t.Errorf("events: %s, want %s", got, want)
	}
	if len(e.Ledger) != 5 || e.Ledger[2].By != "U1" || e.PONumber != "PO-7" || e.Counts.Received != 3 {
		t.Errorf("%+v", e)
	}
	if e.Invoice == nil || e.Invoice.Body != `{"type":"invoice.requested"}` || !e.Whole || !e.Made.Equal(noon) {
		t.Errorf("%+v", e)
	}
	run(t, disputed().world(), "", "evidence", "29303649", "--csv", "--json").wants(t, ExitUsage)
	run(t, (&fakes{}).world(), "", "evidence", "1").wants(t, ExitNoEffect)
}

func TestEvidenceAsCSV(t *testing.T) {
	a := run(t, disputed().world(), "", "evidence", "29303649", "--csv")
	rows, err := csv.NewReader(strings.NewReader(a.out)).ReadAll()
	if err != nil || a.code != 0 {
		t.Fatal(a.code, err)
	}
	if strings.Join(rows[0], ",") != strings.Join(csvHeading, ",") || len(rows) != 1+4+5 {
		t.Fatalf("%d rows:\n%s", len(rows), a.out)
	}
	for i, row := range rows[2:] {
		if row[0] < rows[i+1][0] {
			t.Errorf("out of order:\n%s", a.out)
		}
		for _, text := range row {
			if strings.HasPrefix(text, "=") {
				t.Errorf("a spreadsheet would run %s", text)
			}
		}
	}
	for _, want := range []string{
		"2026-03-02T10:00:00Z,event,PAUSED 160 =HYPERLINK(0): applied,4.25,,webhook,e1,,2026-03-02T10:00:00Z",
		"2026-03-02T11:00:00Z,decided,U1 approved $4.00 (dry run),4.00,U1,slack,e1,true,",
		"2026-03-02T12:00:00Z,invoice,invoice: sent,,,,'=1+1,false,",
	} {
		if !strings.Contains(a.out, want+"\n") {
			t.Errorf("lacks %s:\n%s", want, a.out)
		}
	}
}

// TestEvidenceTellsCausesFirst: of one second, events come before what was done about them.
func TestEvidenceTellsCausesFirst(t *testing.T) {
	at := func(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }
	f := asks()
	f.signals = []Signal{{At: at(100), Event: prodege.Event{ID: "e1", Time: noon, Status: prodege.Paused, Reason: 160}}}
	f.project.Last = []project.EventLine{
		{ID: "e1", Time: noon, Status: prodege.Paused, Reason: 160, Disposition: project.Applied},
		{ID: "sweep-1", Time: at(1200), Status: prodege.Live, Source: prodege.FromSweep, Disposition: project.Applied},
	}
	f.project.Ledger = []project.Line{{At: noon, Kind: project.LineTold}, {At: at(900), Kind: project.LineAccepted, Amount: usd("4.25")}, {At: at(1200), Kind: project.LineLive}}
	rows, err := csv.NewReader(strings.NewReader(run(t, f.world(), "", "evidence", "29303649", "--csv").out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, row := range rows[1:] {
		order = append(order, row[2])
	}
	if got, want := strings.Join(order, ", "), "PAUSED 160: applied, told in Slack, Prodege accepted $4.25, LIVE: applied, live again"; got != want {
		t.Errorf("in order\n%s, want\n%s", got, want)
	}
}

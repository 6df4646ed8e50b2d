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
	"fieldmarshal/workflows"
)

func TestExplainAProject(t *testing.T) {
	f := asks()
	f.accepting = false
	f.project.Settings.DryRun, f.project.Settings.HasAPIKey = true, false
	run(t, f.world(), "", "explain", "29303649").wants(t, 0,
		"2026-03-02 11:00:00Z  decision: approve, $4.00, by U1 from slack, in a dry run (e1).  [ledger]",
		"at Prodege: refused: no, $4.00 (e1).  [ledger]",
		"was a duplicate", "came late: a newer event was known already",
		"It waits for a person's decision on the required CPI, since 2026-03-02 10:00:00Z.  [state]",
		"Its CPI request for $4.25 stands so: waits for a decision.", "DRY_RUN was on", "no PRODEGE_API_KEY", "switched off for all projects.  [kill switch]")
	run(t, (&fakes{}).world(), "", "explain", "1").wants(t, ExitVain, "not known here")
	run(t, (&fakes{}).world(), "", "explain").wants(t, ExitUsage)
}

func TestExplainAnEvent(t *testing.T) {
	f := asks()
	f.signals = []Signalled{{At: noon.Add(-2 * time.Hour), Event: prodege.Event{ID: "e1", Status: prodege.Paused, Reason: 160, Time: noon.Add(-2 * time.Hour), Received: noon.Add(-2 * time.Hour)}}}
	f.listing.Waiting = []inbox.Waiting{{At: noon, Event: prodege.Event{ID: "e9", ProjectID: theProject}}}
	f.letters = []inbox.DeadLetter{{ID: 4, Reason: "too large", Event: prodege.Event{ID: "e8", ProjectID: theProject}}}
	for event, c := range map[string]struct {
		code int
		says []string
	}{
		"e1":      {0, []string{"[history]", "was applied: it was the newest event", "was a duplicate", "paused for CPI, $4.25 (e1).  [ledger]", "at Prodege: refused"}},
		"e0":      {0, []string{"came late"}},
		"old":     {0, []string{"it was applied, or came late", "[seen ids]"}},
		"e9":      {0, []string{"waits on disk", "[inbox]"}},
		"e8":      {0, []string{"dead letter 4: too large"}},
		"unheard": {ExitVain, []string{"Nothing is known of event unheard", "fieldmarshal refused"}},
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
	run(t, f.world(), "", "explain", "29303649", "e1").wants(t, ExitVain, "not known here")
	// Without a worker Temporal's history still tells that it came.
	f.fault = context.DeadlineExceeded
	run(t, f.world(), "", "explain", "29303649", "e1").wants(t, 0, "Temporal took event e1", "No worker answers, so what became of the events (the ledger) is not shown: start `fieldmarshal worker`")
	f.signals = nil
	run(t, f.world(), "", "explain", "29303649", "e1").wants(t, ExitFailed, "no worker does")
}

func TestRefIsCutAsTheLedgerCuts(t *testing.T) {
	for id, want := range map[string]string{
		"short":                  "short",
		strings.Repeat("x", 40):  strings.Repeat("x", 40),
		strings.Repeat("x", 41):  strings.Repeat("x", 37) + "…",
		strings.Repeat("ä", 100): strings.Repeat("ä", 18) + "…",
	} {
		if got := refOf(prodege.EventID(id)); got != want {
			t.Errorf("%s is cut to %s", id, got)
		}
	}
}

// disputed is a project with an invoice, and texts that a spreadsheet would obey.
func disputed() *fakes {
	f := asks()
	f.signals = []Signalled{
		{At: noon.Add(-26 * time.Hour), Event: prodege.Event{ID: "ancient", Time: noon.Add(-26 * time.Hour), Status: prodege.Live}},
		{At: noon.Add(-2 * time.Hour), Event: prodege.Event{ID: "e1", Time: noon.Add(-2 * time.Hour), Status: prodege.Paused, Reason: 160, Description: "=HYPERLINK(0)", RequiredCPI: usd("4.25")}},
		{At: noon.Add(-time.Hour), Event: prodege.Event{ID: "e1", Time: noon.Add(-2 * time.Hour), Status: prodege.Paused, Reason: 160}},
	}
	f.project.Ledger = append(f.project.Ledger, workflows.Line{At: noon, Kind: workflows.LineInvoice, What: "=1+1", Ref: "project-29303649-invoice-r1"})
	f.project.Invoicing = &workflows.InvoiceState{Status: workflows.ChildStatus{Phase: "sent", Revision: 1}}
	f.invoicing.Invoice = workflows.InvoiceDraft{Revision: 1, Key: "project-29303649-invoice-r1", Body: `{"type":"invoice.requested"}`, Phase: "sent"}
	return f
}

func TestEvidence(t *testing.T) {
	var e Evidence
	if err := json.Unmarshal([]byte(run(t, disputed().world(), "", "evidence", "29303649").out), &e); err != nil {
		t.Fatal(err)
	}
	var became []string
	for _, ev := range e.Events {
		became = append(became, string(ev.Event.ID)+" "+string(ev.Disposition))
	}
	if got, want := strings.Join(became, ", "), "ancient , e1 applied, e1 duplicate, e0 late"; got != want {
		t.Errorf("events: %s, want %s", got, want)
	}
	if len(e.Decisions) != 1 || e.Decisions[0].By != "U1" || len(e.ProdegeCalls) != 1 || len(e.Requests) != 1 || len(e.Invoices) != 1 || len(e.Course) != 1 {
		t.Errorf("%+v", e)
	}
	if e.Invoice == nil || e.Invoice.Body != `{"type":"invoice.requested"}` || !e.Whole || !e.Made.Equal(noon) {
		t.Errorf("%+v", e)
	}
	run(t, disputed().world(), "", "evidence", "29303649", "--csv", "--json").wants(t, ExitUsage)
	run(t, (&fakes{}).world(), "", "evidence", "1").wants(t, ExitVain)
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
		"2026-03-02T11:00:00Z,decision,approve,4.00,U1,slack,e1,true,",
		"2026-03-02T12:00:00Z,invoice,'=1+1,,,,project-29303649-invoice-r1,false,",
	} {
		if !strings.Contains(a.out, want+"\n") {
			t.Errorf("lacks %s:\n%s", want, a.out)
		}
	}
}

// TestEvidenceTellsCausesFirst: of one second, what we took first stands first, and what was found without a signal
// stands among the events where it was handled.
func TestEvidenceTellsCausesFirst(t *testing.T) {
	at := func(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }
	f := asks()
	f.signals = []Signalled{
		{At: at(100), Event: prodege.Event{ID: "e1", Time: noon, Status: prodege.Paused, Reason: 160}},
		{At: at(1700), Event: prodege.Event{ID: "e2", Time: noon, Status: prodege.Live}},
	}
	f.project.Last = []workflows.EventLine{
		{ID: "e1", Time: noon, Status: prodege.Paused, Reason: 160, Disposition: workflows.Applied},
		{ID: "sweep-1", Time: noon, Status: prodege.Paused, Source: prodege.FromSweep, Disposition: workflows.Applied},
		{ID: "e2", Time: noon, Status: prodege.Live, Disposition: workflows.Applied},
	}
	f.project.Ledger = workflows.Ledger{
		{At: at(150), Kind: workflows.LinePause, What: "paused for CPI"},
		{At: at(200), Kind: workflows.LineRequest, What: "asked for"},
		{At: at(700), Kind: workflows.LineDecision, What: "approve"},
		{At: at(900), Kind: workflows.LineProdege, What: "accepted"},
		{At: at(1800), Kind: workflows.LineResumed, What: "live again"},
	}
	rows, err := csv.NewReader(strings.NewReader(run(t, f.world(), "", "evidence", "29303649", "--csv").out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, row := range rows[1:] {
		order = append(order, row[2])
	}
	if got, want := strings.Join(order, ", "), "PAUSED 160: applied, PAUSED: applied, paused for CPI, asked for, approve, accepted, LIVE: applied, live again"; got != want {
		t.Errorf("in order\n%s, want\n%s", got, want)
	}
	var e Evidence
	if err := json.Unmarshal([]byte(run(t, f.world(), "", "evidence", "29303649").out), &e); err != nil || len(e.Events) != 3 || e.Events[1].Event.ID != "sweep-1" {
		t.Errorf("%v: %+v", err, e.Events)
	}
}

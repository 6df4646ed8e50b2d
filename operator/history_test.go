package operator

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"fieldmarshal/prodege"
)

// abandoned is a project whose histories are there, and no worker. Its newest run began an hour ago with what asks has.
func abandoned() *fakes {
	f := withLedger()
	f.carried, f.carriedAt = f.project, noon.Add(-time.Hour)
	f.signals = []Signal{
		{At: noon.Add(-2 * time.Hour), Event: prodege.Event{ID: "e1", Time: noon.Add(-2 * time.Hour), Status: prodege.Paused, Reason: 160}},
		{At: noon.Add(-30 * time.Minute), Event: prodege.Event{ID: "e2", Time: noon.Add(-31 * time.Minute), Status: prodege.Live}},
		{At: noon.Add(-20 * time.Minute), Event: prodege.Event{ID: "e1", Time: noon.Add(-2 * time.Hour), Status: prodege.Paused, Reason: 160}},
	}
	f.fault = context.DeadlineExceeded
	return f
}

const (
	sinceThen = "No worker answers, so the ledger is as of 2026-03-02 11:00:00Z, and what became of events since then is not shown: start `fieldmarshal worker`."
	atAll     = "No worker answers, so what became of the events (the ledger) is not shown: start `fieldmarshal worker`."
)

func TestExplainFromHistoryAlone(t *testing.T) {
	f := abandoned()
	a := run(t, f.world(), "", "explain", "29303649")
	a.wants(t, 0, "2026-03-02 11:30:00Z  Temporal received event e2: LIVE", "U1 approved $4.00 (dry run) (e1).  [ledger]", sinceThen)
	if strings.Contains(a.out, "It waits for") {
		t.Errorf("it tells what the project waits for now:\n%s", a.out)
	}
	run(t, f.world(), "", "explain", "29303649", "e1").wants(t, 0, "Temporal received event e1", "applied", "paused: a CPI of $4.25 is required", sinceThen)
	run(t, f.world(), "", "explain", "29303649", "unheard").wants(t, ExitNoEffect, "Nothing is known of event unheard", sinceThen)
	f.carried, f.carriedAt = nil, time.Time{}
	run(t, f.world(), "", "explain", "29303649").wants(t, 0, "Temporal received event e1: PAUSED", atAll)
	f.signals = nil
	run(t, f.world(), "", "explain", "29303649").wants(t, ExitFailed, "no worker does")
}

func TestEvidenceFromHistoryAlone(t *testing.T) {
	f := abandoned()
	read := func() (e Evidence) {
		t.Helper()
		a := run(t, f.world(), "", "evidence", "29303649")
		if err := json.Unmarshal([]byte(a.out), &e); err != nil || a.code != 0 || !strings.Contains(a.asked, e.NotShown) {
			t.Fatalf("%d, %v, %s", a.code, err, a.asked)
		}
		return e
	}
	e := read()
	if e.NotShown != sinceThen || !e.AsOf.Equal(noon.Add(-time.Hour)) || len(e.Ledger) != 4 || e.Counts.Received != 3 || e.Status != prodege.Paused {
		t.Errorf("%+v", e)
	}
	// What came since then has no disposition, though an event of its id had one before.
	if got, want := becameOf(e), "e0 late, e1 duplicate, e1 applied, e2 , e1 "; got != want {
		t.Errorf("events: %s, want %s", got, want)
	}
	rows, err := csv.NewReader(strings.NewReader(run(t, f.world(), "", "evidence", "29303649", "--csv").out)).ReadAll()
	if err != nil || rows[len(rows)-1][1] != "note" || rows[len(rows)-1][2] != sinceThen {
		t.Errorf("%v: %q", err, rows)
	}
	f.carried, f.carriedAt = nil, time.Time{}
	if e = read(); e.NotShown != atAll || len(e.Events) != 3 || len(e.Ledger) != 0 || e.Project != theProject {
		t.Errorf("%+v", e)
	}
	f.signals = nil
	run(t, f.world(), "", "evidence", "29303649").wants(t, ExitFailed, "no worker does")
}

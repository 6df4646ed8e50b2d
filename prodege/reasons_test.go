package prodege

import (
	"strings"
	"testing"
)

func TestMeanings(t *testing.T) {
	for _, c := range []struct {
		event   Event
		title   string
		urgency Urgency
	}{
		{Event{Status: Paused, Reason: 113}, "Click limit reached", Soon},
		{Event{Status: Paused, Reason: 156}, "No unique survey links left", Soon},
		{Event{Status: Paused, Reason: 158}, "Sample size reached", Routine},
		{Event{Status: Paused, Reason: 160}, "Required CPI above the project's limit", Soon},
		{Event{Status: Paused, Reason: 207}, "No clicks for five business days", Soon},
		{Event{Status: Complete, Reason: 209}, "Completed by Prodege for inactivity", Soon},
		{Event{Status: Paused, Reason: 222}, "Too many respondents drop out", Now},
		{Event{Status: Paused, Reason: 244}, "Stopped by Prodege support", Now},
		{Event{Status: PendingComplete, Reason: 902}, "Reconciliation submitted", Routine},
		{Event{Status: Complete, Reason: 903}, "Reconciliation complete", Routine},
		{Event{Status: Paused, Reason: 999}, "Unspecified reason", Soon},
		{Event{Status: Paused, Description: DescriptionCPI}, "Required CPI above the project's limit", Soon},
		{Event{Status: Paused, Reason: 113, RequiredCPIText: "9?"}, "Required CPI above the project's limit", Soon},
		{Event{Status: Paused, Source: FromPricing}, "Required CPI above the project's limit", Soon},
		{Event{Status: Paused, Description: DescriptionRejection}, "Reconciliation rejected", Now},
		{Event{Status: PendingComplete, Reason: 902, RejectionNote: "wrong ids"}, "Reconciliation rejected", Now},
		{Event{Status: Paused, Description: "DISABLED_BY_HAS_REACHED_SAMPLE_SIZE"}, "Sample size reached", Routine},
		{Event{Status: Complete, Description: "COMPLETE_RECONCILIATION"}, "Reconciliation complete", Routine},
		{Event{Status: "ON_HOLD", Reason: 158}, "Sample size reached", Routine},
		{Event{Status: Live, Reason: 160}, "Live", Routine},
		{Event{Status: Live, Reason: 207}, "Live", Routine},
		{Event{Status: Live, Reason: 777}, "Live", Routine},
		{Event{Status: Complete, Reason: 158}, "Complete", Routine},
		{Event{Status: PendingComplete}, "Reconciliation under way", Routine},
		{Event{Status: Invoiced}, "Invoiced", Routine},
		{Event{Status: Deleted}, "Deleted", Routine},
		{Event{Status: Pending}, "Not launched yet", Routine},
		{Event{Status: Paused}, "Paused, no reason given", Soon},
		{Event{Status: Paused, Reason: 777, Description: "NEW_THING"}, "Unknown reason 777", Soon},
		{Event{Status: Paused, Description: "NEW_THING"}, "Unknown reason", Soon},
		{Event{Status: "ARCHIVED"}, "Unknown status", Soon},
	} {
		if m := c.event.Meaning(); m.Title != c.title || m.Urgency != c.urgency || m.Meaning == "" {
			t.Errorf("%+v means %q, %s; want %q, %s", c.event, m.Title, m.Urgency, c.title, c.urgency)
		}
	}
}

// Unknown reasons and statuses are quoted.
func TestWhatIsUnknownIsShown(t *testing.T) {
	for _, c := range []struct {
		event Event
		shows []string
	}{
		{Event{Status: Paused, Reason: 777, Description: "NEW_THING"}, []string{"777", "NEW_THING"}},
		{Event{Status: Paused, Description: "NEW_THING"}, []string{"NEW_THING"}},
		{Event{Status: Paused, Reason: 999, Description: "by hand"}, []string{"999", "by hand"}},
		{Event{Status: "ARCHIVED"}, []string{"ARCHIVED"}},
	} {
		for _, text := range c.shows {
			if m := c.event.Meaning(); !strings.Contains(m.Meaning, text) {
				t.Errorf("%+v: %q does not show %q", c.event, m.Meaning, text)
			}
		}
	}
}

// Each reason of the contract's table has a row that says what to do, short enough for a phone.
func TestEveryReasonHasARow(t *testing.T) {
	rows := map[Reason]Meaning{}
	for _, r := range reasons {
		if r.reason != 0 {
			rows[r.reason] = r.Meaning
		}
		if r.Title == "" || r.Meaning.Meaning == "" || r.Advice == "" || r.Urgency == "" {
			t.Errorf("reason %d %s: an incomplete row", r.reason, r.description)
		}
		if len(r.Title) > 60 || len(r.Meaning.Meaning) > 300 || len(r.Advice) > 400 {
			t.Errorf("reason %d %s: longer than people read: %d, %d, %d", r.reason, r.description, len(r.Title), len(r.Meaning.Meaning), len(r.Advice))
		}
	}
	contract := []Reason{113, 156, 158, 160, 207, 209, 222, 244, 902, 903, 999}
	for _, code := range contract {
		if _, ok := rows[code]; !ok {
			t.Errorf("no row for %d", code)
		}
	}
	if len(rows) != len(contract) {
		t.Errorf("%d rows with a code, the contract has %d", len(rows), len(contract))
	}
	if Status("ARCHIVED").Known() || !Paused.Known() {
		t.Error("ARCHIVED is known")
	}
}

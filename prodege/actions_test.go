package prodege

import (
	"testing"
	"unicode/utf8"
)

// Modals and calls are made from the table, so each row must suit both.
func TestTheTableOfActions(t *testing.T) {
	type key struct {
		id     ActionID
		reason Reason
	}
	seen := map[key]bool{}
	for _, a := range actions {
		k := key{a.ID, a.Reason}
		if seen[k] {
			t.Errorf("%v occurs twice", k)
		}
		seen[k] = true
		if a.Label == "" || utf8.RuneCountInString(a.Label) > 24 || a.Confirm == "" || a.Label != a.ID.Row().Label {
			t.Errorf("%v: words are missing, the label is too long for a modal's title, or it differs from the action's other rows", k)
		}
		if a.Status != Live && a.Status != Complete {
			t.Errorf("%v sets %q", k, a.Status)
		}
		offered := Event{Status: Paused, Reason: a.Reason}.Actions()
		found := false
		for _, o := range offered {
			found = found || o == a
		}
		if !found {
			t.Errorf("%v is not offered by its reason", k)
		}
	}
}

func TestWhoOffersNothing(t *testing.T) {
	for name, e := range map[string]Event{
		"live": {Status: Live, Reason: SampleSize}, "for CPI": {Status: Paused, Reason: RealTimePricing},
		"with a price": {Status: Paused, Reason: SampleSize, RequiredCPI: ptrTo(MustUSD("4"))}, "support": {Status: Paused, Reason: SupportAgent},
		"other": {Status: Paused, Reason: Other}, "new": {Status: Paused, Reason: 777}, "rejected": {Status: Paused, Reason: SampleSize, RejectionNote: "no"},
		"complete": {Status: Complete, Reason: SampleSize},
	} {
		if got := e.Actions(); got != nil {
			t.Errorf("%s offers %v", name, got)
		}
	}
	if got := (Event{Status: Paused, Description: "DISABLED_BY_HAS_REACHED_SAMPLE_SIZE"}).Actions(); len(got) != 2 {
		t.Errorf("by its description: %v", got)
	}
}

func ptrTo[T any](v T) *T { return &v }

package workflows

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fieldmarshal/prodege"
)

func TestSeenForgetsTheOldestAndTakesNothingOlder(t *testing.T) {
	var s Seen
	at := func(n int) prodege.Event {
		return prodege.Event{ID: prodege.EventID(fmt.Sprintf("e%05d", n)), Time: time.Unix(int64(n), 0)}
	}
	for n := 1000; n < 1000+maxSeen+50; n++ {
		if got := s.place(at(n)); got != Applied {
			t.Fatalf("event %d: %s", n, got)
		}
	}
	want(t, "remembered", len(s), maxSeen)
	want(t, "one that fell out", s.place(at(1000)), Late)
	want(t, "one never seen, older than all", s.place(at(5)), Late)
	want(t, "a repeat", s.place(at(1000+maxSeen)), Duplicate)
	want(t, "still remembered", len(s), maxSeen)
}

func TestOneSecondIsOrderedById(t *testing.T) {
	var s Seen
	now := time.Unix(1700000000, 0)
	want(t, "first", s.place(prodege.Event{ID: "b", Time: now}), Applied)
	want(t, "before it by id", s.place(prodege.Event{ID: "a", Time: now}), Late)
	want(t, "after it by id", s.place(prodege.Event{ID: "c", Time: now}), Applied)
}

func TestALedgerLineStaysSmallWhateverStandsInIt(t *testing.T) {
	for _, text := range []string{"plain", strings.Repeat("<", 500), strings.Repeat("&é", 500), strings.Repeat("\"\\", 500), strings.Repeat("\xff\x01", 500), strings.Repeat("字", 500), strings.Repeat("a", maxLineText), ""} {
		got := cutEncoded(text, maxLineText)
		if size := jsonSize(got) - 2; size > maxLineText || size < min(maxLineText-9, jsonSize(text)-2) {
			t.Errorf("%.20q takes %d bytes", text, size)
		}
		if got != text && !strings.HasSuffix(got, "…") {
			t.Errorf("%.20q is cut without a mark: %q", text, got)
		}
	}
}

// A state of the longest ids, texts and a full ledger stays under its bound.
func TestAStateStaysSmall(t *testing.T) {
	s := ProjectState{ProjectID: theProject}
	for n := range maxSeen {
		s.Seen.place(prodege.Event{ID: prodege.EventID(strings.Repeat("x", 500) + itoa(n)), Time: time.Unix(1700000000+int64(n), 0)})
	}
	for n := range maxDeliveries {
		s.handedOver(prodege.Event{Delivery: "delivery-" + itoa(n)})
	}
	for range maxLines {
		s.Ledger = append(s.Ledger, Line{At: time.Now().UTC(), Kind: LineDecision, What: strings.Repeat("w", maxLineText), By: "U0123456789", From: "slack", Ref: strings.Repeat("r", 40)})
	}
	if line := jsonSize(s.Ledger[0]); line > 300 {
		t.Errorf("a ledger line has %d bytes, at most 300 are wanted", line)
	}
	if size := jsonSize(s); size > maxState-20<<10 {
		t.Errorf("the lists alone have %d bytes of %d", size, maxState)
	}
}

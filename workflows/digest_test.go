package workflows

import (
	"testing"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"fieldmarshal/prodege"
)

// crowded is what Temporal reports of a post whose turn did not come in time.
func crowded() error { return temporal.NewTimeoutError(enums.TIMEOUT_TYPE_SCHEDULE_TO_START, nil) }

func TestAnAlertWhoseTurnIsTooFarOffBecomesALineOfADigest(t *testing.T) {
	w := newWorld(t)
	w.info.PausedForCPI = false
	w.postFault = func(n int) error {
		if n == 1 {
			return crowded()
		}
		return nil
	}
	w.deliver(time.Minute, "pause", prodege.Paused, because(158))
	w.at(5*time.Minute, func() {
		roots := w.roots("C0ALERTS")
		if len(roots) != 1 || roots[0].Card.Digest == nil {
			t.Fatalf("said: %+v", roots)
		}
		want(t, "told", roots[0].Card.Digest.Items[0].Project.ID, theProject)
		want(t, "why", roots[0].Card.Digest.Items[0].Reason, prodege.SampleSize)
	})
	w.deliver(10*time.Minute, "live", prodege.Live)
	w.at(12*time.Minute, func() {
		roots := w.roots("C0ALERTS")
		if len(roots) != 2 || roots[1].Card.Pause == nil || roots[1].Card.Pause.End == nil {
			t.Fatalf("the end of the pause was not told by itself: %+v", roots)
		}
	})
	w.ends(time.Hour)
}

func TestNewsAboutAFoldedAlertIsToldInItsOwnThread(t *testing.T) {
	w := newWorld(t)
	w.info.PausedForCPI = false
	w.postFault = func(n int) error {
		if n == 1 {
			return crowded()
		}
		return nil
	}
	w.deliver(time.Minute, "pause", prodege.Paused, because(158))
	w.deliver(10*time.Minute, "support", prodege.Paused, because(244))
	w.at(12*time.Minute, func() {
		want(t, "messages of their own", len(w.roots("C0ALERTS")), 2)
		wantList(t, "notes", w.notes(), "> other_reason")
	})
	w.ends(time.Hour)
}

package program

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestAlarmsDoNotHoldUpTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		process, stop := context.WithCancel(t.Context())
		tell := untilStopped(process, func(ctx context.Context, _ string) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Minute): // Slack is slow
				return nil
			}
		})
		if err := tell(t.Context(), "while it runs"); err != nil {
			t.Errorf("cut off while the process runs: %v", err)
		}
		stop()
		begun := time.Now()
		if err := tell(t.Context(), "while it stops"); err == nil || time.Since(begun) != alarmGrace {
			t.Errorf("%v after %s, want an end after %s", err, time.Since(begun), alarmGrace)
		}
	})
}

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

func TestUILinkIsEscaped(t *testing.T) {
	var p Process
	p.Config.TemporalUIURL, p.Temporal.Namespace = "http://ui", "a/b\u202e c"
	if got := p.uiLink("project-7"); got != "http://ui/namespaces/a%2Fb%E2%80%AE%20c/workflows/project-7" {
		t.Error(got)
	}
}

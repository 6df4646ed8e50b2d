package workflows

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// A Slack token that is wrong for an hour loses nothing that is due to be said, and costs nobody an hour of
// the time for a decision.
func TestAWrongSlackTokenLosesNoMessage(t *testing.T) {
	w := newWorld(t)
	from, to := w.env.Now().Add(5*time.Minute), w.env.Now().Add(65*time.Minute)
	wrong := func() error {
		if now := w.env.Now(); now.After(from) && now.Before(to) {
			return mend("invalid_auth: the bot token is wrong")
		}
		return nil
	}
	w.postFault = func(int) error { return wrong() }
	w.env.OnActivity("Edit", mock.Anything, mock.Anything).Return(func(ctx context.Context, in activities.Edit) (activities.Edited, error) {
		if err := wrong(); err != nil {
			return activities.Edited{}, err
		}
		return w.Edit(ctx, in)
	})
	w.deliver(time.Second, "e1", prodege.Paused, because(prodege.SampleSize))
	w.deliver(10*time.Minute, "e2", prodege.Live)                                  // the alert's end
	w.deliver(12*time.Minute, "e3", prodege.Paused, because(prodege.SupportAgent)) // another alert
	w.deliver(20*time.Minute, "e4", prodege.Paused, cpi("4.25"))                   // a request
	w.deliver(25*time.Minute, "e5", prodege.Paused, func(e *prodege.Event) { e.RejectionNote = "redo" })
	w.deliver(30*time.Minute, "e6", prodege.Paused, cpi("5.00")) // a newer amount
	w.at(40*time.Minute, func() {
		s := w.state()
		if s.Shown == nil || !s.Shown.Attention {
			t.Error("people are not told, in the one place that is left, that Slack can't be spoken to")
		}
		want(t, "messages while the token is wrong", len(w.roots("C0ALERTS"))+len(w.roots("C0APPROVE")), 1)
	})
	w.at(90*time.Minute, func() {
		s := w.state()
		for _, m := range s.Messages {
			if m.unsaid() {
				t.Errorf("%s is still unsaid", m.Key)
			}
		}
		want(t, "alerts", len(w.roots("C0ALERTS")), 3)
		want(t, "requests", len(w.roots("C0APPROVE")), 1)
		r := w.request()
		want(t, "the amount asked for", r.Required.String(), "5.00")
		if left := r.Deadline.Sub(w.env.Now()); left < 23*time.Hour {
			t.Errorf("%s are left of 24 h: the hour without Slack was counted", left)
		}
	})
	w.click(100*time.Minute, "U0ANN", activities.VerdictApprove)
	w.deliver(101*time.Minute, "e7", prodege.Live)
	w.deliver(102*time.Minute, "e8", prodege.Deleted)
	w.run()
	want(t, "acceptances", len(w.accepts), 1)
}

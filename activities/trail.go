package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"fieldmarshal/prodege"
)

// trail is what an attempt leaves to the next one in its heartbeat: whether the other side may have been told
// already. Where nothing certain is left, the answer is maybe.
type trail struct {
	Attempt int32        `json:"attempt"`          // that left it
	Ended   bool         `json:"ended,omitempty"`  // the attempt came to its end, so that Maybe is certain
	Maybe   bool         `json:"maybe,omitempty"`  // this attempt or one before may have been heard
	Amount  *prodege.USD `json:"amount,omitempty"` // max_cpi that may have been heard
}

// earlier gives how it stands at the start of an attempt; maybe is what is known of activities before.
func earlier(ctx context.Context, maybe bool) trail {
	now := activity.GetInfo(ctx).Attempt
	left := trail{}
	found := activity.HasHeartbeatDetails(ctx) && activity.GetHeartbeatDetails(ctx, &left) == nil
	switch {
	case found && left.Ended && left.Attempt == now-1:
		maybe = maybe || left.Maybe
	case found || now > 1: // killed, timed out, or set back by an operator
		maybe = true
	}
	return trail{Attempt: now, Maybe: maybe, Amount: left.Amount}
}

// mark tells, before the act, that the act may happen from now on. The first heartbeat of an attempt goes out
// at once and brings back whether the activity is cancelled: ctx ends then.
func (t *trail) mark(ctx context.Context, amount *prodege.USD) {
	activity.RecordHeartbeat(ctx, trail{Attempt: t.Attempt, Maybe: true, Amount: amount})
}

// leave tells the next attempt how this one ended.
func (t *trail) leave(ctx context.Context) {
	t.Ended = true
	activity.RecordHeartbeat(ctx, *t)
}

package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/project"
)

const (
	digestEvery = time.Minute // how long pauses are collected before they are posted
	maxDigest   = 100         // pauses that a digest lists; it counts the others
	maxTold     = 500         // keys that are remembered, so that a pause that is added twice is posted once
)

// DigestState is everything that a Digest remembers.
type DigestState struct {
	Channel string               `json:"channel"`
	Items   []project.DigestItem `json:"items,omitempty"`
	More    int                  `json:"more,omitempty"`
	Taken   []string             `json:"taken,omitempty"` // the newest keys
	Told    int                  `json:"told,omitempty"`  // digests so far
}

// Digest collects a channel's pauses that come faster than Slack accepts messages, posts them together once per minute, and
// ends when the burst is over. Projects reach it only by signals: none of them owns it.
func (w *Workflows) Digest(ctx workflow.Context, state DigestState) error {
	if err := workflow.SetQueryHandler(ctx, StateQuery, func() (DigestState, error) { return state, nil }); err != nil {
		return err
	}
	for {
		settings := w.readSettings(ctx)
		state.add(DigestAdd.drain(ctx))
		if len(state.Items) == 0 {
			return nil
		}
		if err := workflow.NewTimerWithOptions(ctx, digestEvery, workflow.TimerOptions{Summary: "gather pauses for the digest"}).Get(ctx, nil); err != nil {
			return err
		}
		state.add(DigestAdd.drain(ctx))
		if err := state.post(ctx, settings); err != nil {
			return err
		}
		if settings.full(ctx) {
			state.add(DigestAdd.drain(ctx))
			return workflow.NewContinueAsNewError(ctx, TypeDigest, state)
		}
	}
}

// add adds new pauses.
func (d *DigestState) add(items []project.DigestItem) {
	for _, item := range items {
		if slices.Contains(d.Taken, item.Key) {
			continue
		}
		d.Taken = append(d.Taken, item.Key)
		if len(d.Items) < maxDigest {
			d.Items = append(d.Items, item)
		} else {
			d.More++
		}
	}
	if n := len(d.Taken) - maxTold; n > 0 {
		d.Taken = slices.Clone(d.Taken[n:])
	}
}

// post posts the collected pauses. The key contains the time, because the digest of a later burst has the same workflow id.
func (d *DigestState) post(ctx workflow.Context, settings Settings) error {
	card := project.Card{Digest: &project.Digest{Items: d.Items, More: d.More, UI: settings.TemporalUIURL, Simulated: settings.Simulated}}
	in := project.Post{Channel: d.Channel, Key: "digest-" + workflow.Now(ctx).UTC().Format("20060102T150405.000"), Card: card}
	d.Items, d.More, d.Told = nil, 0, d.Told+1
	return announce(ctx, settings, in, "digest of a burst")
}

package activities

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"fieldmarshal/cards"
)

// alarmTimeout is the limit for posting an alarm. For a channel with too many posts Slack asks for about half a minute.
const alarmTimeout = 2 * time.Minute

// Alarms returns a function that posts alarms of a process in a channel without a workflow, so that it works while Temporal
// is down. It posts again only if Slack refused the post with 429, after the time that Slack asks for; any other error is
// returned, so that no alarm is posted twice.
func Alarms(api *slack.Client, channel string, simulated bool) func(ctx context.Context, text string) error {
	return func(ctx context.Context, text string) error {
		ctx, cancel := context.WithTimeout(ctx, alarmTimeout)
		defer cancel()
		options := append(withMetadata("alarm-"+rand.Text(), cards.Alarm(text, simulated)), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
		for {
			_, _, err := api.PostMessageContext(ctx, channel, options...)
			if err == nil {
				return nil
			}
			var limited *slack.RateLimitedError
			if !errors.As(err, &limited) {
				return fmt.Errorf("post in the channel %s: %w", channel, err)
			}
			select {
			case <-time.After(max(limited.RetryAfter, time.Second)):
			case <-ctx.Done():
				return fmt.Errorf("tell the channel %s: %w", channel, err)
			}
		}
	}
}

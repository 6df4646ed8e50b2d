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

// alarmTimeout bounds the telling of one alarm. Slack asks for half a minute or so if a channel got too much.
const alarmTimeout = 2 * time.Minute

// Alarms returns a function that tells a channel what a process itself has to say, outside of any workflow: it must
// be heard while Temporal is away. It is said again only if Slack's answer is that it was not taken (429), after the
// time that Slack asks for; after any other fault it stands in the log alone, so that it is never said twice.
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
				return fmt.Errorf("tell the channel %s: %w", channel, err)
			}
			select {
			case <-time.After(max(limited.RetryAfter, time.Second)):
			case <-ctx.Done():
				return fmt.Errorf("tell the channel %s: %w", channel, err)
			}
		}
	}
}

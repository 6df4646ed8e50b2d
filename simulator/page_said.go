package simulator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// sorry is a whole sentence for the person about what they did and what did not come of it.
type sorry string

func (s sorry) Error() string { return string(s) }

// bad is what the page says of an error.
func bad(err error) string {
	var whole sorry
	if errors.As(err, &whole) {
		return string(whole)
	}
	return "That did not work: " + err.Error()
}

// answered says how the app answered, as Slack would treat it.
func answered(reply Reply, err error) (string, error) {
	switch {
	case err != nil:
		return "", err
	case reply.TimedOut:
		return "", fmt.Errorf("the app did not answer within %g seconds", reply.Patience.Seconds())
	case !reply.OK():
		return "", fmt.Errorf("the app answered %d %s", reply.Status, http.StatusText(reply.Status))
	}
	return fmt.Sprintf("Answered in %d ms.", reply.Took.Milliseconds()), nil
}

// sight is what a person sees of what may come of a click.
type sight struct {
	user, channel, ts string
	alone             string // ts of the newest message to them alone
	modal             string // id of the newest modal
	edits             int    // of the message that is clicked
}

func (s *Slack) sight(user, channel, ts string) sight {
	seen := sight{user: user, channel: channel, ts: ts}
	if all := s.Ephemerals(user); len(all) > 0 {
		seen.alone = all[len(all)-1].TS
	}
	if all := s.Views(user); len(all) > 0 {
		seen.modal = all[len(all)-1].ID
	}
	if m, there := s.Message(channel, ts); there {
		seen.edits = m.Edits
	}
	return seen
}

// defaultEffectLimit is how long something may take to come of a click for the page to tell of it. The app answers
// first and writes then, in some milliseconds.
const defaultEffectLimit = 700 * time.Millisecond

// came says what came of a click or a modal: an answer of 200 tells nothing of that.
func (p *page) came(ctx context.Context, before sight, reply Reply, err error) (string, error) {
	said, err := answered(reply, err)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, p.EffectLimit)
	defer cancel()
	var now sight
	err = p.Slack.await(ctx, "what comes of it", func() bool {
		now = p.Slack.sight(before.user, before.channel, before.ts)
		return now.alone != before.alone || now.modal != "" && now.modal != before.modal || now.edits != before.edits
	})
	said = strings.TrimSuffix(said, ".")
	switch {
	case now.alone != before.alone:
		return "", sorry(said + ", with a message to you alone: " + p.Slack.aloneWords(before.user))
	case now.modal != "" && now.modal != before.modal:
		return said + ", with a modal.", nil
	case err != nil:
		return said + ". What comes of it shows in the messages.", nil
	}
	return said + ", and the message is written anew.", nil
}

// aloneWords are the first sentence of the newest message to a person alone.
func (s *Slack) aloneWords(user string) string {
	all := s.Ephemerals(user)
	if len(all) == 0 {
		return "it is gone by now."
	}
	first, _, _ := strings.Cut(PlainText(all[len(all)-1]), ". ")
	return "“" + strings.TrimSuffix(first, ".") + ".”"
}

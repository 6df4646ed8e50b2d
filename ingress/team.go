package ingress

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
)

// teamTimeout leaves room for the rest of a click's three seconds.
const teamTimeout = 800 * time.Millisecond

// isOrganization reports whether an id is that of an organization (E…), which auth.test returns instead of a workspace if the
// token is valid in all of an organization's workspaces.
func isOrganization(id string) bool { return strings.HasPrefix(id, "E") }

// team remembers our own workspace, which never changes for a token. It is safe for concurrent use.
type team struct {
	ask func(context.Context) (string, error)
	mu  sync.Mutex
	id  string
}

func (t *team) get(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.id != "" {
		return t.id, nil
	}
	ctx, cancel := context.WithTimeout(ctx, teamTimeout)
	defer cancel()
	id, err := t.ask(ctx)
	if err == nil && id == "" {
		err = errors.New("auth.test returned no team")
	}
	if err != nil {
		return "", err
	}
	t.id = id
	return id, nil
}

const (
	guestTimeout = 700 * time.Millisecond // a slash command has little more than two seconds in all
	guestFor     = 10 * time.Minute       // how long an answer is remembered
	maxGuests    = 10_000                 // how many people are remembered
)

// guests remembers for a while who is a guest in our workspace: somebody who has access to a few channels and must not see
// prices. It is safe for concurrent use.
type guests struct {
	ask   func(ctx context.Context, user string) (bool, error)
	now   func() time.Time
	mu    sync.Mutex
	known map[string]guestAnswer
}

type guestAnswer struct {
	guest bool
	at    time.Time
}

// has reports whether somebody is a guest, or counts as one because Slack does not say; err is why it does not.
func (g *guests) has(ctx context.Context, user string) (guest bool, err error) {
	if g.ask == nil {
		return false, nil
	}
	g.mu.Lock()
	s, found := g.known[user]
	g.mu.Unlock()
	if found && g.now().Sub(s.at) < guestFor {
		return s.guest, nil
	}
	ctx, cancel := context.WithTimeout(ctx, guestTimeout)
	defer cancel()
	guest, err = g.ask(ctx, user)
	if err != nil {
		return true, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.known == nil || len(g.known) >= maxGuests {
		g.known = map[string]guestAnswer{}
	}
	g.known[user] = guestAnswer{guest, g.now()}
	return guest, nil
}

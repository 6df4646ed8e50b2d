package ingress

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"
)

// person is the person who clicked or asked, and the workspace that this comes from.
type person struct {
	user       string
	team       string // the workspace; empty if the app is installed for a whole organization
	enterprise string // the organization, if there is one
	userTeam   string // the person's own workspace; empty if unknown
}

func personOf(p slack.InteractionCallback) person {
	return person{user: p.User.ID, team: p.Team.ID, enterprise: p.Enterprise.ID, userTeam: p.User.TeamID}
}

// isFrom reports whether the click comes from the workspace team, or from any workspace of the organization if team is one. If
// the app is installed for a whole organization Slack sends that instead of a workspace; then the person's own workspace
// decides.
func (p person) isFrom(team string) bool {
	if isOrganization(team) {
		return p.enterprise == team
	}
	return p.team == team || p.team == "" && p.enterprise != "" && p.userTeam == team
}

// isOrganization reports whether an id is that of an organization (E…), which auth.test returns instead of a workspace if the
// token is valid in all of an organization's workspaces.
func isOrganization(id string) bool { return strings.HasPrefix(id, "E") }

const (
	teamTimeout  = 800 * time.Millisecond // leaves room for the rest of a click's three seconds
	guestTimeout = 700 * time.Millisecond // a slash command has little more than two seconds in all
)

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
	if err == nil {
		t.id = id
	}
	return t.id, err
}

// isGuest reports whether somebody is a guest in our workspace, who has access to a few channels and must not see prices, or
// belongs to another organization. While Slack does not say, everybody counts as one.
func (in *Ingress) isGuest(ctx context.Context, user string) bool {
	if in.options.Guest == nil {
		return false
	}
	if guest, known := in.guests.get(user); known {
		return guest
	}
	ctx, cancel := context.WithTimeout(ctx, guestTimeout)
	defer cancel()
	guest, err := in.options.Guest(ctx, user)
	if err != nil {
		in.log.Warn("Slack does not say whether somebody is a guest, so they see no prices, and don't decide if anyone may: "+
			"does the app have the scope users:read?", "user", user, "error", err)
		return true
	}
	in.guests.put(user, guest)
	return guest
}

const (
	rememberFor = 10 * time.Minute
	maxMemory   = 20_000 // entries
)

// memory remembers answers for a while, so that they need not be asked for again. It is safe for concurrent use.
type memory[K comparable, V any] struct {
	now   func() time.Time
	mu    sync.Mutex
	known map[K]remembered[V]
}

type remembered[V any] struct {
	value V
	at    time.Time
}

func newMemory[K comparable, V any](now func() time.Time) *memory[K, V] {
	return &memory[K, V]{now: now, known: map[K]remembered[V]{}}
}

func (m *memory[K, V]) get(key K) (value V, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, known := m.known[key]
	return r.value, known && m.now().Sub(r.at) < rememberFor
}

func (m *memory[K, V]) put(key K, value V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.known) >= maxMemory {
		clear(m.known)
	}
	m.known[key] = remembered[V]{value, m.now()}
}

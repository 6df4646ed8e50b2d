package activities

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/sync/singleflight"
)

const (
	groupFresh = time.Minute      // a group's members are taken from memory
	groupStale = 10 * time.Minute // and while Slack fails, for so long
	groupAsk   = 5 * time.Second  // one question to Slack; a click's HTTP answer can't wait for longer
	groupWait  = time.Second      // how long the answer is waited for if an older one will do
)

// Anyone is the word that SLACK_APPROVERS has instead of a list if everybody may decide.
const Anyone = "anyone"

// Approvers is SLACK_APPROVERS: people by their ids (U…, W…) and user groups (S…), whose members Slack tells, or the
// word anyone. The ingress and the activities ask it alike. It is safe for concurrent use.
type Approvers struct {
	api    *slack.Client
	log    *slog.Logger
	now    func() time.Time
	anyone bool
	people []string
	groups []string
	wait   time.Duration // groupWait, but in tests

	asking singleflight.Group
	mu     sync.Mutex
	known  map[string]members // by group
}

// members of a group, as Slack told them.
type members struct {
	users []string
	at    time.Time
}

// NewApprovers makes the list. An empty one allows nobody; Anyone alone allows everybody, of whom the ingress lets
// only members of our own workspace ask. log is told of groups that can't be had.
func NewApprovers(api *slack.Client, list []string, log *slog.Logger) *Approvers {
	a := &Approvers{api: api, log: log, now: time.Now, wait: groupWait, known: map[string]members{}}
	if len(list) == 1 && strings.TrimSpace(list[0]) == Anyone {
		a.anyone = true
		return a
	}
	for _, id := range list {
		switch id = strings.TrimSpace(id); {
		case id == "":
		case strings.HasPrefix(id, "S"):
			a.groups = append(a.groups, id)
		default:
			a.people = append(a.people, id)
		}
	}
	return a
}

// May reports whether a person may decide. known is false if Slack does not tell the members of a group that this
// depends on; then nothing may be counted. It answers at the latest when ctx ends.
func (a *Approvers) May(ctx context.Context, user string) (allowed, known bool) {
	if a.anyone || slices.Contains(a.people, user) {
		return true, true
	}
	known = true
	for _, group := range a.groups {
		users, ok := a.membersOf(ctx, group)
		if slices.Contains(users, user) {
			return true, true
		}
		known = known && ok
	}
	return false, known
}

// Nobody reports whether it is certain that nobody may decide: the list has no people, and its groups are empty,
// disabled or gone. It answers at the latest when ctx ends.
func (a *Approvers) Nobody(ctx context.Context) bool {
	if a.anyone || len(a.people) > 0 {
		return false
	}
	for _, group := range a.groups {
		if users, known := a.membersOf(ctx, group); !known || len(users) > 0 {
			return false
		}
	}
	return true
}

// membersOf gives a group's members; ok is false if they can't be had.
func (a *Approvers) membersOf(ctx context.Context, group string) (users []string, ok bool) {
	if now, fresh := a.remembered(group, groupFresh); fresh {
		return now.users, true
	}
	old, usable := a.remembered(group, groupStale)
	limit := groupAsk
	if usable {
		limit = a.wait
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	// One question for all who wait. It goes on when this one stops waiting: the next finds its answer.
	answer := a.asking.DoChan(group, func() (any, error) { return a.ask(context.WithoutCancel(ctx), group) })
	select {
	case got := <-answer:
		if got.Err == nil {
			return got.Val.([]string), true
		}
	case <-timer.C:
	case <-ctx.Done():
	}
	return old.users, usable
}

func (a *Approvers) remembered(group string, within time.Duration) (members, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	m, found := a.known[group]
	if !found || a.now().Sub(m.at) > within {
		return members{}, false
	}
	return m, true
}

// ask asks Slack and remembers the answer. A group that is gone or disabled has no members: that is an answer.
func (a *Approvers) ask(ctx context.Context, group string) ([]string, error) {
	if now, fresh := a.remembered(group, groupFresh); fresh { // who asked before was answered after this one looked
		return now.users, nil
	}
	ctx, cancel := context.WithTimeout(ctx, groupAsk)
	defer cancel()
	at := a.now()
	users, err := a.api.GetUserGroupMembersContext(ctx, group)
	var refusal slack.SlackErrorResponse
	if errors.As(err, &refusal) && (refusal.Err == "no_such_subteam" || refusal.Err == "subteam_disabled") {
		a.log.Warn("a user group of SLACK_APPROVERS is gone or disabled, so that nobody may decide through it", "group", group, "slack", refusal.Err)
		users, err = nil, nil
	}
	if err != nil {
		a.log.Warn("the members of a user group of SLACK_APPROVERS can't be had", "group", group, "why", classifySlack(err).words)
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known[group] = members{users: users, at: at}
	return users, nil
}

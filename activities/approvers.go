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
	groupFresh = time.Minute      // how long a group's members are taken from memory
	groupStale = 10 * time.Minute // the same while Slack fails
	groupAsk   = 5 * time.Second  // for a call to Slack; the answer to a click can't wait for longer
	groupWait  = time.Second      // how long to wait for Slack if there are members in memory
)

// Anyone is the value of SLACK_APPROVERS if everybody may decide.
const Anyone = "anyone"

// Approvers is SLACK_APPROVERS: people by their ids (U…, W…) and user groups (S…), whose members are read from Slack, or the
// word anyone. The ingress and the activities use it. It is safe for concurrent use.
type Approvers struct {
	api    *slack.Client
	log    *slog.Logger
	now    func() time.Time
	anyone bool
	people []string
	groups []string
	wait   time.Duration // groupWait, except in tests

	asking singleflight.Group
	mu     sync.Mutex
	known  map[string]members // key: group
}

// members are the members of a group according to Slack.
type members struct {
	users []string
	at    time.Time
}

// NewApprovers makes Approvers from the values of SLACK_APPROVERS. An empty list allows nobody; Anyone alone allows
// everybody, but the ingress only lets members of our own workspace decide.
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

// May reports whether a person may decide. known is false if that depends on a group whose members Slack does not return;
// then the decision must not count. May returns when ctx is done at the latest.
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

// Nobody reports whether it is certain that nobody may decide: the list has no people, and its groups are empty, disabled
// or gone. It returns when ctx is done at the latest.
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

// membersOf returns a group's members; ok is false if they are unknown.
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
	// Concurrent callers share a call to Slack, which continues when they stop waiting.
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

// ask asks Slack and remembers the answer. A group that is gone or disabled has no members.
func (a *Approvers) ask(ctx context.Context, group string) ([]string, error) {
	if now, fresh := a.remembered(group, groupFresh); fresh { // an earlier call has ended since the caller looked
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
		a.log.Warn("the members of a user group of SLACK_APPROVERS can't be read", "group", group, "why", classifySlack(err).words)
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known[group] = members{users: users, at: at}
	return users, nil
}

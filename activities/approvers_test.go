package activities

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

func TestMayDecide(t *testing.T) {
	for _, c := range []struct {
		list           []string
		user           string
		allowed, known bool
	}{
		{nil, "U2", false, true},
		{[]string{""}, "U2", false, true},
		{[]string{"anyone"}, "U2", true, true},
		{[]string{" anyone "}, "U2", true, true},
		{[]string{"anyone", "U1"}, "U2", false, true}, // not the word alone: a list
		{[]string{"everyone"}, "U2", false, true},
		{[]string{"U1", "W7"}, "U1", true, true},
		{[]string{"U1", " W7"}, "W7", true, true},
		{[]string{"U1", "W7"}, "U2", false, true},
		{[]string{"S1"}, "U1", true, true},
		{[]string{"S1"}, "U2", false, true},
		{[]string{"U2", "S1"}, "U2", true, true},
		{[]string{"S2"}, "U2", false, true}, // disabled: nobody
		{[]string{"S9"}, "U2", false, true}, // no such group: nobody
		{[]string{"S2", "S1"}, "U1", true, true},
		{[]string{"S1"}, "", false, true},
	} {
		t.Run(fmt.Sprint(c.list, " ", c.user), func(t *testing.T) {
			_, s := workspace(t, c.list...)
			got, err := once[project.Permission](t, s.CheckPermission, project.CheckPermission{User: c.user})
			if err != nil {
				t.Fatal(err)
			}
			want(t, "permission", got, project.Permission{Allowed: c.allowed, Known: c.known})
		})
	}
}

// A group's members are asked for once a minute, and known for ten while Slack fails.
func TestApproversRemember(t *testing.T) {
	sim, s := workspace(t, "S1")
	a := s.approvers
	a.wait = 30 * time.Second // of this machine's time, however busy it is
	now := time.Now()
	a.now = func() time.Time { return now }
	check := func(when string, user string, allowed, known bool, calls int) {
		t.Helper()
		gotAllowed, gotKnown := a.May(context.Background(), user)
		want(t, when+": allowed", gotAllowed, allowed)
		want(t, when+": known", gotKnown, known)
		want(t, when+": calls", len(sim.Calls("usergroups.users.list")), calls)
	}
	check("at first", "U1", true, true, 1)
	check("again", "U2", false, true, 1)
	sim.Set(func(o *simulator.SlackOptions) { o.Groups[0] = simulator.Group{ID: "S1", Users: []string{"U2"}} })
	now = now.Add(59 * time.Second)
	check("within the minute", "U1", true, true, 1)
	now = now.Add(2 * time.Second)
	check("after it", "U1", false, true, 2)
	check("who came in", "U2", true, true, 2)

	sim.Inject(simulator.Fault{Kind: simulator.HTTPStatus, Method: "usergroups.users.list", Times: -1})
	now = now.Add(9 * time.Minute)
	check("Slack fails", "U2", true, true, 3)
	check("Slack fails, another", "U1", false, true, 4)
	now = now.Add(2 * time.Minute)
	check("for too long", "U2", false, false, 5)
	sim.ClearFaults()
	check("and is back", "U2", true, true, 6)

	sim.Set(func(o *simulator.SlackOptions) { o.Groups[0].Disabled = true })
	now = now.Add(2 * time.Minute)
	check("the group is disabled", "U2", false, true, 7)
}

// A listed person is allowed even if the groups are unknown; anybody else is neither allowed nor certainly refused.
func TestApproversWithoutTheGroup(t *testing.T) {
	sim, s := workspace(t, "U1", "S1")
	sim.Inject(simulator.Fault{Kind: simulator.AnswerCode, Method: "usergroups.users.list", Code: "missing_scope", Times: -1})
	for user, wanted := range map[string]project.Permission{"U1": {Allowed: true, Known: true}, "U2": {}} {
		got, err := once[project.Permission](t, s.CheckPermission, project.CheckPermission{User: user})
		if err != nil {
			t.Fatal(err)
		}
		want(t, user, got, wanted)
	}
}

func TestApproversAskOnceForAll(t *testing.T) {
	sim, s := workspace(t, "S1")
	sim.Inject(simulator.Fault{Kind: simulator.LateAnswer, Method: "usergroups.users.list", Delay: 100 * time.Millisecond})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if allowed, known := s.approvers.May(context.Background(), "U1"); !allowed || !known {
				t.Errorf("allowed %v, known %v", allowed, known)
			}
		})
	}
	all.Wait()
	want(t, "calls", len(sim.Calls("usergroups.users.list")), 1)
}

// A caller waits no longer than ctx allows; the next one finds the answer.
func TestApproversHoldNobodyUp(t *testing.T) {
	sim, _ := workspace(t)
	asked, answer := make(chan struct{}), make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(asked) // a second question would panic
		<-answer
		sim.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	approvers := NewApprovers(NewSlackAPI(botToken, srv.URL+"/api/", nil), []string{"S1"}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-asked; cancel() }()
	if allowed, known := approvers.May(ctx, "U1"); allowed || known {
		t.Errorf("in a hurry: allowed %v, known %v", allowed, known)
	}
	close(answer)
	if allowed, known := approvers.May(context.Background(), "U1"); !allowed || !known {
		t.Errorf("afterwards: allowed %v, known %v", allowed, known)
	}
	want(t, "calls", len(sim.Calls("usergroups.users.list")), 1)
}

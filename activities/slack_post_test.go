package activities

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"fieldmarshal/cards"
	"fieldmarshal/simulator"
)

func TestPost(t *testing.T) {
	sim, s := workspace(t)
	in := Post{Channel: "C1", Key: "project-812/pause-e1", Card: aCard()}
	got, err := once[Posted](t, s.Post, in, try{})
	if err != nil {
		t.Fatal(err)
	}
	m, found := sim.Message("C1", got.TS)
	if !found {
		t.Fatalf("nothing stands at %s", got.TS)
	}
	want(t, "text", m.Text, in.Card.Message().Text)
	want(t, "event type", m.Metadata.EventType, "fieldmarshal")
	want(t, "key", m.Metadata.EventPayload["key"], any(in.Key))
	want(t, "unfurling switched off", m.NoUnfurl, true)
	want(t, "link", got.Link, "https://acme.slack.com/archives/C1/p"+strings.Replace(got.TS, ".", "", 1))
	want(t, "looked first", len(sim.Calls("conversations.history")), 0)

	reply, err := once[Posted](t, s.Post, Post{Channel: "C1", Thread: got.TS, Key: "reply", Card: aCard()}, try{})
	if err != nil {
		t.Fatal(err)
	}
	m, _ = sim.Message("C1", reply.TS)
	want(t, "thread", m.Thread, got.TS)
	if !strings.HasSuffix(reply.Link, "?thread_ts="+got.TS+"&cid=C1") {
		t.Errorf("link of a reply: %s", reply.Link)
	}
	want(t, "asked for the workspace", len(sim.Calls("auth.test")), 1)
	if c := sim.Complaints(); len(c) > 0 {
		t.Errorf("Slack complains: %v", c)
	}
}

// Whatever happens to an answer, one thing said is one message.
func TestPostOnce(t *testing.T) {
	for _, kind := range []simulator.FaultKind{simulator.LostAnswer, simulator.CutBefore, simulator.HTTPStatus} {
		for _, thread := range []bool{false, true} {
			for _, times := range []int{1, 3} {
				t.Run(fmt.Sprintf("%s, thread %v, %d times", kind, thread, times), func(t *testing.T) {
					sim, s := workspace(t)
					in := Post{Channel: "C1", Key: "k", Card: aCard()}
					if thread {
						root, err := once[Posted](t, s.Post, Post{Channel: "C1", Key: "root", Card: aCard()}, try{})
						if err != nil {
							t.Fatal(err)
						}
						in.Thread = root.TS
					}
					sim.Inject(simulator.Fault{Kind: kind, Method: "chat.postMessage", Times: times})
					got, attempts, err := retried[Posted](t, s.Post, in)
					if err != nil {
						t.Fatal(err)
					}
					lost := kind == simulator.LostAnswer
					if lost {
						times = 1 // found at the second attempt
					}
					want(t, "faults fired", sim.Fired(kind), times)
					want(t, "attempts", attempts, times+1)
					want(t, "found", got.Found, lost)
					want(t, "messages", withKey(sim, "k"), 1)
					if m, ok := sim.Message("C1", got.TS); !ok || m.Thread != in.Thread || m.Metadata.EventPayload["key"] != "k" {
						t.Errorf("the message is not where Post says: %+v", m)
					}
				})
			}
		}
	}
}

func withKey(sim *simulator.Slack, key string) (n int) {
	for _, m := range sim.AllMessages("C1") {
		if m.Metadata != nil && m.Metadata.EventPayload["key"] == key {
			n++
		}
	}
	return n
}

// An earlier activity may have said it; among much else that was said since.
func TestPostLooksThroughAllPages(t *testing.T) {
	sim, s := workspace(t)
	first, err := once[Posted](t, s.Post, Post{Channel: "C1", Key: "k", Card: aCard()}, try{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range pageSize + 5 {
		if _, _, err := s.api.PostMessageContext(context.Background(), "C1", slack.MsgOptionText(fmt.Sprint(i), false)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := once[Posted](t, s.Post, Post{Channel: "C1", Key: "k", Card: aCard(), Tried: time.Now()}, try{})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "ts", got.TS, first.TS)
	want(t, "found", got.Found, true)
	want(t, "pages", len(sim.Calls("conversations.history")), 2)
	want(t, "messages", withKey(sim, "k"), 1)
}

// What was said before the minute that precedes the first try can't be ours.
func TestPostLooksNoFurtherBackThanNeeded(t *testing.T) {
	sim, s := workspace(t)
	tried := time.Now().Add(-time.Hour)
	if _, err := once[Posted](t, s.Post, Post{Channel: "C1", Key: "k", Card: aCard(), Tried: tried}, try{}); err != nil {
		t.Fatal(err)
	}
	calls := sim.Calls("conversations.history")
	want(t, "looked", len(calls), 1)
	want(t, "oldest", calls[0].Args["oldest"], fmt.Sprintf("%d.000000", tried.Add(-time.Minute).Unix()))
	want(t, "metadata asked for", calls[0].Args["include_all_metadata"], "1")
}

// Which attempts must look before they speak.
func TestPostLooksWhereAnEarlierTryMayHaveBeenHeard(t *testing.T) {
	for name, c := range map[string]struct {
		how  try
		in   Post
		look int
	}{
		"first attempt":                            {how: try{attempt: 1}, look: 0},
		"first attempt, another activity tried":    {how: try{attempt: 1}, in: Post{Tried: time.Now()}, look: 1},
		"killed before it could tell":              {how: try{attempt: 2}, look: 1},
		"refused for certain":                      {how: try{attempt: 2, left: &trail{Attempt: 1, Ended: true}}, look: 0},
		"refused for certain, then killed":         {how: try{attempt: 3, left: &trail{Attempt: 1, Ended: true}}, look: 1},
		"answer lost":                              {how: try{attempt: 2, left: &trail{Attempt: 1, Ended: true, Maybe: true}}, look: 1},
		"killed while it looked":                   {how: try{attempt: 2, left: &trail{Attempt: 1, Maybe: true}}, look: 1},
		"set back to its first attempt by someone": {how: try{attempt: 1, left: &trail{Attempt: 4, Maybe: true}}, look: 1},
	} {
		t.Run(name, func(t *testing.T) {
			sim, s := workspace(t)
			c.in.Channel, c.in.Key, c.in.Card = "C1", "k", aCard()
			if _, err := once[Posted](t, s.Post, c.in, c.how); err != nil {
				t.Fatal(err)
			}
			want(t, "looked", len(sim.Calls("conversations.history")), c.look)
			want(t, "messages", withKey(sim, "k"), 1)
		})
	}
}

func TestPostWaitsAsLongAsSlackAsks(t *testing.T) {
	sim, s := workspace(t)
	sim.Inject(simulator.Fault{Kind: simulator.RateLimited, Method: "chat.postMessage", RetryAfter: 17 * time.Second})
	_, err := once[Posted](t, s.Post, Post{Channel: "C1", Key: "k", Card: aCard()}, try{})
	app := appError(t, err)
	want(t, "type", app.Type(), TypeSlackPassing)
	want(t, "final", app.NonRetryable(), false)
	want(t, "delay", app.NextRetryDelay(), 17*time.Second)

	sim.Inject(simulator.Fault{Kind: simulator.RateLimited, Method: "chat.postMessage", RetryAfter: 17 * time.Second})
	if _, _, err := retried[Posted](t, s.Post, Post{Channel: "C1", Key: "k", Card: aCard()}); err != nil {
		t.Fatal(err)
	}
	want(t, "looked though nothing can have been said", len(sim.Calls("conversations.history")), 0)
	want(t, "messages", withKey(sim, "k"), 1)
}

func TestPostWhatPeopleMustMend(t *testing.T) {
	for name, c := range map[string]struct {
		channel string
		prepare func(*simulator.Slack)
		says    []string
	}{
		"not a member":    {"C2", nil, []string{"C2", "invite", "not_in_channel"}},
		"archived":        {"C3", nil, []string{"archived"}},
		"no such channel": {"C9", nil, []string{"C9", "channel_not_found", "id"}},
		"token":           {"C1", func(s *simulator.Slack) { s.SetBotToken("xoxb-new") }, []string{"SLACK_BOT_TOKEN", "invalid_auth"}},
		"account_inactive": {"C1", func(s *simulator.Slack) {
			s.Inject(simulator.Fault{Kind: simulator.AnswerCode, Code: "account_inactive", Times: -1})
		}, []string{"install it again"}},
		"scope": {"C1", func(s *simulator.Slack) {
			s.Inject(simulator.Fault{Kind: simulator.AnswerCode, Code: "missing_scope", Times: -1})
		}, []string{"scope", "slack-manifest.yaml"}},
		"restricted": {"C1", func(s *simulator.Slack) {
			s.Inject(simulator.Fault{Kind: simulator.AnswerCode, Code: "restricted_action_read_only_channel", Times: -1})
		}, []string{"lets the app not post"}},
		"not Slack": {"C1", func(s *simulator.Slack) {
			s.Inject(simulator.Fault{Kind: simulator.HTTPStatus, Status: 404, Times: -1})
		}, []string{"SLACK_API_URL", "404"}},
		"sent elsewhere": {"C1", func(s *simulator.Slack) {
			s.Inject(simulator.Fault{Kind: simulator.HTTPStatus, Status: 307, Times: -1})
		}, []string{"SLACK_API_URL", "307"}},
	} {
		t.Run(name, func(t *testing.T) {
			sim, s := workspace(t)
			if c.prepare != nil {
				c.prepare(sim)
			}
			_, attempts, err := retried[Posted](t, s.Post, Post{Channel: c.channel, Key: "k", Card: aCard()})
			words, known := MendOf(err)
			if !known {
				t.Fatalf("not for people to mend: %v", err)
			}
			want(t, "attempts", attempts, 1)
			for _, part := range append(c.says, "post in "+c.channel) {
				if !strings.Contains(words, part) {
					t.Errorf("%q does not say %q", words, part)
				}
			}
			if strings.Contains(err.Error(), botToken) {
				t.Errorf("the error tells the token: %v", err)
			}
		})
	}
}

// Where Slack finds fault with the blocks, the text goes alone.
func TestPostRatherBadlyThanNotAtAll(t *testing.T) {
	sim, s := workspace(t)
	sim.Inject(simulator.Fault{Kind: simulator.AnswerCode, Method: "chat.postMessage", Code: "msg_blocks_too_long"})
	got, err := once[Posted](t, s.Post, Post{Channel: "C1", Key: "k", Card: aCard()}, try{})
	if err != nil {
		t.Fatal(err)
	}
	m, _ := sim.Message("C1", got.TS)
	want(t, "blocks", len(m.Blocks), 0)
	want(t, "text", m.Text, aCard().Message().Text)
	want(t, "key", m.Metadata.EventPayload["key"], any("k"))

	_, err = once[Posted](t, s.Post, Post{Channel: "C1", Key: "empty", Card: cards.Card{}}, try{})
	if words, known := MendOf(err); !known || !strings.Contains(words, "no_text") {
		t.Errorf("an empty card: %v", err)
	}
}

// A reply whose thread was deleted is said in the channel.
func TestPostWhereTheThreadIsGone(t *testing.T) {
	for _, tried := range []time.Time{{}, time.Now()} {
		sim, s := workspace(t)
		in := Post{Channel: "C1", Thread: "1700000000.000100", Key: "k", Card: aCard(), Tried: tried}
		got, err := once[Posted](t, s.Post, in, try{})
		if err != nil {
			t.Fatal(err)
		}
		m, _ := sim.Message("C1", got.TS)
		want(t, "thread", m.Thread, "")
		again, err := once[Posted](t, s.Post, in, try{attempt: 2})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "found again", again.TS, got.TS)
	}
}

// A post is worth more than its link.
func TestPostWithoutTheWorkspacesAddress(t *testing.T) {
	sim, s := workspace(t)
	sim.Inject(simulator.Fault{Kind: simulator.HTTPStatus, Method: "auth.test", Times: -1})
	got, err := once[Posted](t, s.Post, Post{Channel: "C1", Key: "k", Card: aCard()}, try{})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "link", got.Link, "")
	want(t, "messages", withKey(sim, "k"), 1)
}

func TestPostGivesWayWhereItIsCancelled(t *testing.T) {
	sim, s := workspace(t)
	s.lookAfter = time.Hour
	ends := try{attempt: 2, cancel: func(ctx context.Context) context.Context {
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(20*time.Millisecond, cancel)
		return ctx
	}}
	if _, err := once[Posted](t, s.Post, Post{Channel: "C1", Key: "k", Card: aCard()}, ends); err == nil {
		t.Fatal("it went on")
	}
	want(t, "messages", withKey(sim, "k"), 0)
}

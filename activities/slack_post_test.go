package activities

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

func TestPost(t *testing.T) {
	sim, s := workspace(t)
	in := project.Post{Channel: "C1", Key: "project-812/pause-e1", Card: aCard()}
	got, err := once[project.Posted](t, s.Post, in)
	if err != nil {
		t.Fatal(err)
	}
	m, found := sim.Message("C1", got.TS)
	if !found {
		t.Fatalf("nothing stands at %s", got.TS)
	}
	want(t, "text", m.Text, cards.Render(in.Card).Text)
	want(t, "event type", m.Metadata.EventType, "fieldmarshal")
	want(t, "key", m.Metadata.EventPayload["key"], any(in.Key))
	want(t, "unfurling switched off", m.NoUnfurl, true)
	want(t, "link", got.Link, "https://acme.slack.com/archives/C1/p"+strings.Replace(got.TS, ".", "", 1))
	want(t, "looked first", len(sim.Calls("conversations.history")), 0)

	reply, err := once[project.Posted](t, s.Post, project.Post{Channel: "C1", Thread: got.TS, Key: "reply", Card: aCard()})
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

// Whatever happens to the answers, there is one message.
func TestPostOnce(t *testing.T) {
	for _, kind := range []simulator.FaultKind{simulator.LostAnswer, simulator.CutBefore, simulator.HTTPStatus} {
		for _, thread := range []bool{false, true} {
			for _, times := range []int{1, 3} {
				t.Run(fmt.Sprintf("%s, thread %v, %d times", kind, thread, times), func(t *testing.T) {
					sim, s := workspace(t)
					in := project.Post{Channel: "C1", Key: "k", Card: aCard()}
					if thread {
						root, err := once[project.Posted](t, s.Post, project.Post{Channel: "C1", Key: "root", Card: aCard()})
						if err != nil {
							t.Fatal(err)
						}
						in.Thread = root.TS
					}
					sim.Inject(simulator.Fault{Kind: kind, Method: "chat.postMessage", Times: times})
					got, attempts, err := repeated[project.Posted](t, s.Post, in, carryPost)
					if err != nil {
						t.Fatal(err)
					}
					lost, times := kind == simulator.LostAnswer, times
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

// An earlier activity may have posted it, before many other messages.
func TestPostLooksThroughAllPages(t *testing.T) {
	sim, s := workspace(t)
	first, err := once[project.Posted](t, s.Post, project.Post{Channel: "C1", Key: "k", Card: aCard()})
	if err != nil {
		t.Fatal(err)
	}
	for i := range pageSize + 5 {
		if _, _, err := s.api.PostMessageContext(context.Background(), "C1", slack.MsgOptionText(fmt.Sprint(i), false)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := once[project.Posted](t, s.Post, project.Post{Channel: "C1", Key: "k", Card: aCard(), Tried: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "ts", got.TS, first.TS)
	want(t, "found", got.Found, true)
	want(t, "pages", len(sim.Calls("conversations.history")), 2)
	want(t, "messages", withKey(sim, "k"), 1)
}

// A message from more than a minute before the first attempt can't be ours.
func TestPostLooksNoFurtherBackThanNeeded(t *testing.T) {
	sim, s := workspace(t)
	tried := time.Now().Add(-time.Hour)
	if _, err := once[project.Posted](t, s.Post, project.Post{Channel: "C1", Key: "k", Card: aCard(), Tried: tried}); err != nil {
		t.Fatal(err)
	}
	calls := sim.Calls("conversations.history")
	want(t, "looked", len(calls), 1)
	want(t, "oldest", calls[0].Args["oldest"], fmt.Sprintf("%d.000000", tried.Add(-time.Minute).Unix()))
	want(t, "metadata asked for", calls[0].Args["include_all_metadata"], "1")
}

// Whether a failed post may have succeeded.
func TestPostSaysWhetherItMayHaveBeenHeard(t *testing.T) {
	for name, c := range map[string]struct {
		fault simulator.Fault
		tried bool
		maybe bool
	}{
		"answer lost":                   {simulator.Fault{Kind: simulator.LostAnswer}, false, true},
		"out of order":                  {simulator.Fault{Kind: simulator.HTTPStatus}, false, true},
		"fatal_error":                   {simulator.Fault{Kind: simulator.AnswerCode, Code: "fatal_error"}, false, true},
		"limited":                       {simulator.Fault{Kind: simulator.RateLimited}, false, false},
		"archived":                      {simulator.Fault{Kind: simulator.AnswerCode, Code: "is_archived"}, false, false},
		"limited, maybe heard before":   {simulator.Fault{Kind: simulator.RateLimited}, true, true},
		"search fails, may have been":   {simulator.Fault{Kind: simulator.RateLimited, Method: "conversations.history"}, true, true},
		"may not search, may have been": {simulator.Fault{Kind: simulator.AnswerCode, Code: "missing_scope", Method: "conversations.history"}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			sim, s := workspace(t)
			if c.fault.Method == "" {
				c.fault.Method = "chat.postMessage"
			}
			sim.Inject(c.fault)
			in := project.Post{Channel: "C1", Key: "k", Card: aCard()}
			if c.tried {
				in.Tried = time.Now()
			}
			_, err := once[project.Posted](t, s.Post, in)
			want(t, "maybe", failureOf(t, err).Maybe, c.maybe)
		})
	}
}

func TestPostWaitsAsLongAsSlackAsks(t *testing.T) {
	sim, s := workspace(t)
	in := project.Post{Channel: "C1", Key: "k", Card: aCard()}
	for asked, wanted := range map[time.Duration]time.Duration{17 * time.Second: 17 * time.Second, 24 * time.Hour: time.Hour} {
		sim.Inject(simulator.Fault{Kind: simulator.RateLimited, Method: "chat.postMessage", RetryAfter: asked})
		_, err := once[project.Posted](t, s.Post, in)
		f := failureOf(t, err)
		want(t, "type", appError(t, err).Type(), TypeSlackTransient)
		want(t, "kind", f.Kind, project.FailedTransient)
		want(t, "delay", f.RetryAfter, wanted)
	}
	if _, _, err := repeated[project.Posted](t, s.Post, in, carryPost); err != nil {
		t.Fatal(err)
	}
	want(t, "looked though nothing can have been said", len(sim.Calls("conversations.history")), 0)
	want(t, "messages", withKey(sim, "k"), 1)
}

func TestPostWhatPeopleMustFix(t *testing.T) {
	for name, c := range map[string]struct {
		channel string
		prepare func(*simulator.Slack)
		says    []string
	}{
		"not a member":    {"C2", nil, []string{"C2", "invite", "not_in_channel"}},
		"archived":        {"C3", nil, []string{"archived"}},
		"no such channel": {"C9", nil, []string{"C9", "channel_not_found", "id"}},
		"token":           {"C1", func(s *simulator.Slack) { s.Set(func(o *simulator.SlackOptions) { o.BotToken = "xoxb-new" }) }, []string{"SLACK_BOT_TOKEN", "invalid_auth"}},
		"account_inactive": {"C1", func(s *simulator.Slack) {
			s.Inject(simulator.Fault{Kind: simulator.AnswerCode, Code: "account_inactive", Times: -1})
		}, []string{"install it again"}},
		"scope": {"C1", func(s *simulator.Slack) {
			s.Inject(simulator.Fault{Kind: simulator.AnswerCode, Code: "missing_scope", Times: -1})
		}, []string{"scope", "slack-manifest.yaml"}},
		"restricted": {"C1", func(s *simulator.Slack) {
			s.Inject(simulator.Fault{Kind: simulator.AnswerCode, Code: "restricted_action_read_only_channel", Times: -1})
		}, []string{"does not let the app post"}},
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
			_, err := once[project.Posted](t, s.Post, project.Post{Channel: c.channel, Key: "k", Card: aCard()})
			f := failureOf(t, err)
			want(t, "kind", f.Kind, project.FailedOperator)
			want(t, "type", appError(t, err).Type(), TypeSlackOperatorAction)
			contains(t, "text", f.Text, append(c.says, "post in "+c.channel)...)
		})
	}
}

// If Slack refuses the layout, only the text is sent, with how to decide.
func TestPostPlain(t *testing.T) {
	sim, s := workspace(t, "U1")
	for name, c := range map[string]struct {
		card project.Card
		says string
	}{
		"a note":    {aCard(), ""},
		"a request": {openRequest(), "`fieldmarshal approve 812 --amount 4.25 --as U…`"},
	} {
		sim.Inject(simulator.Fault{Kind: simulator.AnswerCode, Method: "chat.postMessage", Code: "msg_blocks_too_long"})
		got, err := once[project.Posted](t, s.Post, project.Post{Channel: "C1", Key: name, Card: c.card})
		if err != nil {
			t.Fatal(err)
		}
		m, _ := sim.Message("C1", got.TS)
		want(t, name+": plain", got.Plain, true)
		want(t, name+": blocks", len(m.Blocks), 0)
		want(t, name+": key", m.Metadata.EventPayload["key"], any(name))
		rest, cut := strings.CutPrefix(m.Text, cards.Render(c.card).Text)
		want(t, name+": text", cut, true)
		want(t, name+": words how to decide", rest != "", c.says != "")
		contains(t, name, rest, c.says)

		again, err := once[project.Posted](t, s.Post, project.Post{Channel: "C1", Key: name, Card: c.card, Tried: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		want(t, name+": found again", again.TS, got.TS)
		want(t, name+": found plain", again.Plain, true)
	}
	_, err := once[project.Posted](t, s.Post, project.Post{Channel: "C1", Key: "empty", Card: project.Card{}})
	f := failureOf(t, err)
	want(t, "an empty card", f.Kind, project.FailedOperator)
	contains(t, "an empty card", f.Text, "no_text")
}

// TestAnyLayoutRefused: each kind of message is said as text, whichever of its codes Slack refuses the blocks with, when it
// is posted and when it is edited.
func TestAnyLayoutRefused(t *testing.T) {
	name := project.Frame{Project: project.Name{ID: projectID, Name: "Oat milk"}}
	at := time.Now()
	for kind, card := range map[string]project.Card{
		"request":   openRequest(),
		"alert":     alertWithActions(),
		"rejection": {Rejection: &project.RejectionFacts{Frame: name, Event: prodege.Event{Status: prodege.Paused, RejectionNote: "again", Time: at}}},
		"invoice":   {Invoice: &project.InvoiceFacts{Frame: name, Revision: 1, Key: "k", Phase: project.InvoiceByHand, CompletedAt: at}},
		"note":      aCard(),
		"digest":    {Digest: &project.Digest{Items: []project.DigestItem{{Project: name.Project, Since: at}}}},
		"report":    {Report: &project.Report{Since: at.Add(-time.Hour), Until: at}},
	} {
		for _, code := range []string{"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "a_code_of_next_year"} {
			sim, s := workspace(t, "U1")
			sim.Inject(simulator.Fault{Kind: simulator.AnswerCode, Method: "chat.postMessage", Code: code})
			got, err := once[project.Posted](t, s.Post, project.Post{Channel: "C1", Key: kind, Card: card})
			if err != nil || !got.Plain {
				t.Fatalf("%s, %s: posted %+v, %v", kind, code, got, err)
			}
			sim.Inject(simulator.Fault{Kind: simulator.AnswerCode, Method: "chat.update", Code: code})
			edited, err := once[project.Edited](t, s.Edit, project.Edit{Channel: "C1", TS: got.TS, Key: kind, Card: card})
			if err != nil || !edited.Plain {
				t.Errorf("%s, %s: edited %+v, %v", kind, code, edited, err)
			}
			if m, _ := sim.Message("C1", got.TS); len(m.Text) > 4000 || !strings.HasPrefix(m.Text, cards.Render(card).Text) {
				t.Errorf("%s, %s: %s", kind, code, m.Text)
			}
		}
	}
}

// How to decide, by kind of message and phase.
func TestWithoutButtons(t *testing.T) {
	request := func(p project.Phase) project.Card {
		c := openRequest()
		c.Request.Phase = p
		return c
	}
	alert := func(p project.Phase) project.Card {
		c := alertWithActions()
		c.Pause.Action.Phase = p
		return c
	}
	for name, c := range map[string]struct {
		card project.Card
		says []string // none: no words
	}{
		"open":            {request(project.PhaseOpen), []string{"approve 812 --amount 4.25", "reject 812"}},
		"second":          {request(project.PhaseSecond), []string{"approve 812"}},
		"expired":         {request(project.PhaseExpired), []string{"act 812 ask-again"}},
		"rejected":        {request(project.PhaseRejected), []string{"act 812 ask-again"}},
		"refused":         {request(project.PhaseRefused), []string{"act 812 try-again", "act 812 close"}},
		"live":            {request(project.PhaseLive), nil},
		"actions":         {alert(project.PhaseOpen), []string{"act 812"}},
		"actions refused": {alert(project.PhaseRefused), []string{"act 812", "act 812 try-again"}},
		"actions closed":  {alert(project.PhaseLive), nil},
		"invoice by hand": {project.Card{Invoice: &project.InvoiceFacts{Phase: project.InvoiceByHand}}, []string{"Ask whoever runs Fieldmarshal"}},
		"invoice sent":    {project.Card{Invoice: &project.InvoiceFacts{Phase: project.InvoiceSent}}, nil},
		"a note":          {aCard(), nil},
	} {
		got := withoutButtons(c.card)
		want(t, name+": words", got != "", len(c.says) > 0)
		contains(t, name, got, c.says...)
	}
	long := plainText(strings.Repeat("ü", 4000), withoutButtons(openRequest()))
	if len(long) > 4000 || strings.ToValidUTF8(long, "") != long || !strings.Contains(long, "approve 812") {
		t.Errorf("a message of %d bytes: %s", len(long), long[len(long)-300:])
	}
}

// A reply whose thread was deleted is not posted in the channel: the core posts a new root.
func TestPostThreadGone(t *testing.T) {
	for name, tried := range map[string]time.Time{"said": {}, "searched for": time.Now()} {
		sim, s := workspace(t)
		_, err := once[project.Posted](t, s.Post, project.Post{Channel: "C1", Thread: "1700000000.000100", Key: "k", Card: aCard(), Tried: tried})
		f := failureOf(t, err)
		want(t, name+": kind", f.Kind, project.FailedThreadGone)
		want(t, name+": type", appError(t, err).Type(), TypeSlackThreadGone)
		want(t, name+": messages", withKey(sim, "k"), 0)
	}
}

// A message is posted even if its link is unknown.
func TestPostWithoutTheWorkspacesAddress(t *testing.T) {
	sim, s := workspace(t)
	sim.Inject(simulator.Fault{Kind: simulator.HTTPStatus, Method: "auth.test", Times: -1})
	got, err := once[project.Posted](t, s.Post, project.Post{Channel: "C1", Key: "k", Card: aCard()})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "link", got.Link, "")
	want(t, "messages", withKey(sim, "k"), 1)
}

// An attempt that is stopped while it waits posts nothing, and reports that an earlier one may have.
func TestPostStopped(t *testing.T) {
	sim, s := workspace(t)
	s.lookAfter = time.Hour
	post := func(ctx context.Context, in project.Post) (project.Posted, error) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return s.Post(ctx, in)
	}
	_, err := once[project.Posted](t, post, project.Post{Channel: "C1", Key: "k", Card: aCard(), Tried: time.Now()})
	f := failureOf(t, err)
	want(t, "kind", f.Kind, project.FailedTransient)
	want(t, "maybe", f.Maybe, true)
	want(t, "messages", withKey(sim, "k"), 0)
}

// The first version of a message is complete: it contains what Prodege says in time.
func TestPostReadsFirst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault simulator.Fault
		read  bool
	}{
		"Prodege answers":       {simulator.Fault{}, true},
		"only after the time":   {simulator.Fault{Kind: simulator.LateAnswer, Method: "project-get-info", Delay: 40 * time.Second}, false},
		"Prodege is out":        {simulator.Fault{Kind: simulator.HTTPStatus, Method: "project-get-info"}, false},
		"figures only too late": {simulator.Fault{Kind: simulator.LateAnswer, Method: "project-quotas-by-id", Delay: 40 * time.Second}, true},
	} {
		t.Run(name, func(t *testing.T) {
			supply, opts := supplier(t, nil)
			if c.fault.Kind != "" {
				supply.Inject(c.fault)
			}
			sim, s := workspaceWith(t, NewProdege(opts), "U1")
			card := alertWithActions()
			within := 2 * time.Second
			if c.read {
				within = 5 * time.Second // of a busy machine
			}
			got, err := once[project.Posted](t, s.Post, project.Post{Channel: "C1", Key: "k", Card: card,
				Read: &project.Read{Project: projectID, Quotas: true, Priority: project.PriorityFigures, Within: within}})
			if err != nil {
				t.Fatal(err)
			}
			m, _ := sim.Message("C1", got.TS)
			want(t, "read", got.Reading != nil, c.read)
			want(t, "name on the message", strings.Contains(m.Text, "Oat milk study"), c.read)
			if c.read {
				card.Fill(*got.Reading)
				want(t, "text", m.Text, cards.Render(card).Text)
			}
		})
	}
}

// A read that would have to wait too long for its turn does not delay a message.
func TestPostGivesFiguresUpUnderLoad(t *testing.T) {
	supply, opts := supplier(t, nil)
	opts.CallsPerSecond = 0.001
	sim, s := workspaceWith(t, NewProdege(opts), "U1")
	for _, key := range []string{"first", "second"} {
		got, err := once[project.Posted](t, s.Post, project.Post{Channel: "C1", Key: key, Card: alertWithActions(),
			Read: &project.Read{Project: projectID, Priority: project.PriorityFigures, Within: 20 * time.Second}})
		if err != nil {
			t.Fatal(err)
		}
		want(t, key+": read", got.Reading != nil, key == "first")
		want(t, key+": messages", withKey(sim, key), 1)
	}
	want(t, "calls", len(supply.Calls(projectID)), 1)
}

// A request that nobody can decide says so.
func TestPostNobodyCanDecide(t *testing.T) {
	closed := openRequest()
	closed.Request.Phase = project.PhaseExpired
	for name, c := range map[string]struct {
		approvers []string
		card      project.Card
		broken    bool
		nobody    bool
	}{
		"a person":                {[]string{"U1", "S2"}, openRequest(), false, false},
		"a group":                 {[]string{"S1"}, openRequest(), false, false},
		"anyone":                  {[]string{Anyone}, openRequest(), false, false},
		"a disabled group":        {[]string{"S2"}, openRequest(), false, true},
		"an empty group":          {[]string{"S3"}, openRequest(), false, true},
		"no such group":           {[]string{"S9"}, openRequest(), false, true},
		"all of them":             {[]string{"S2", "S3", "S9"}, openRequest(), false, true},
		"one of them has people":  {[]string{"S2", "S1"}, openRequest(), false, false},
		"nothing at all":          {nil, openRequest(), false, true},
		"actions":                 {[]string{"S2"}, alertWithActions(), false, true},
		"Slack does not tell":     {[]string{"S2"}, openRequest(), true, false},
		"nobody is asked":         {[]string{"S2"}, aCard(), false, false},
		"not a question any more": {[]string{"S2"}, closed, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			sim, s := workspace(t, c.approvers...)
			if c.broken {
				sim.Inject(simulator.Fault{Kind: simulator.HTTPStatus, Method: "usergroups.users.list", Times: -1})
			}
			got, err := once[project.Posted](t, s.Post, project.Post{Channel: "C1", Key: "k", Card: c.card})
			if err != nil {
				t.Fatal(err)
			}
			want(t, "posted", got.Nobody, c.nobody)
			edited, err := once[project.Edited](t, s.Edit, project.Edit{Channel: "C1", TS: got.TS, Key: "k", Card: c.card})
			if err != nil {
				t.Fatal(err)
			}
			want(t, "edited", edited.Nobody, c.nobody)
			m, _ := sim.Message("C1", got.TS)
			want(t, "said", strings.Contains(simulator.PlainText(m), "Nobody can decide"), c.nobody)
		})
	}
}

package ingress

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
	"fieldmarshal/workflows"
)

func TestAnApproval(t *testing.T) {
	w := newWorld(t)
	ts := w.request()
	reply := w.click(simulator.Click{User: "U0ANN", TS: ts, ActionID: cards.ActionApprove})
	if !reply.OK() || reply.Body != "" {
		t.Errorf("answered %d %q", reply.Status, reply.Body)
	}
	got := w.temporal.decided()
	if len(got) != 1 || w.temporal.toward[0] != theProject {
		t.Fatalf("decisions: %+v to %v", got, w.temporal.toward)
	}
	d := got[0]
	if d.Of != project.OfCPI || d.Verdict != project.Approve || d.Request != pauseID || d.Generation != 2 || d.Amount.String() != "4.25" || d.UpTo != nil || d.Second ||
		d.User != "U0ANN" || d.Channel != approvals || d.From != project.FromSlack || d.ID == "" || time.Since(d.At).Abs() > time.Minute || d.At.Location() != time.UTC {
		t.Errorf("decision: %+v", d)
	}
	w.untouched(ts)
	if told := w.told("U0ANN"); !strings.Contains(told, "Recorded: your approval of $4.25") {
		t.Errorf("told: %s", told)
	}
	if faults := w.slack.Complaints(); len(faults) != 0 {
		t.Errorf("Slack complains: %v", faults)
	}
}

// untouched checks that a message has not changed: only the workflow writes it.
func (w *world) untouched(ts string) {
	w.t.Helper()
	if m, ok := w.slack.Message(approvals, ts); !ok || m.Edits != 0 || len(w.buttons(ts)) == 0 {
		w.t.Errorf("the ingress wrote the message: %d edits, buttons %v", m.Edits, w.buttons(ts))
	}
}

// TestASecondApproval approves the amount that the first person approved.
func TestASecondApproval(t *testing.T) {
	w := newWorld(t)
	first := prodege.MustUSD("5")
	ts := w.request(func(r *project.RequestFacts) {
		r.Phase, r.SecondAbove = project.PhaseSecond, &first
		r.Decisions = []project.Decided{{Verdict: project.Approve, User: "U0BEN", Amount: &first, At: time.Now(), From: project.FromSlack}}
	})
	w.click(simulator.Click{User: "U0ANN", TS: ts, ActionID: cards.ActionApprove})
	d := w.temporal.decided()
	if len(d) != 1 || !d[0].Second || d[0].UpTo == nil || d[0].UpTo.String() != "5.00" || !strings.Contains(w.told("U0ANN"), "$5.00") {
		t.Errorf("decided %+v, told %s", d, w.told("U0ANN"))
	}
}

// TestAnInvoiceButton is for anybody of our workspace.
func TestAnInvoiceButton(t *testing.T) {
	for user, told := range map[string]string{"U0EVE": "Recorded: your “Mark as invoiced”", "U0GUEST": "only members of the workspace"} {
		w := newWorld(t)
		ts := w.say(project.Card{Invoice: &project.InvoiceFacts{Frame: project.Frame{Project: project.Name{ID: theProject}}, Key: "project-29303649-invoice-r3", Revision: 3,
			Phase: project.InvoiceByHand, CompletedAt: time.Now()}})
		w.click(simulator.Click{User: user, TS: ts, ActionID: cards.ActionMarkInvoiced})
		d := w.temporal.decided()
		if user == "U0EVE" && (len(d) != 1 || d[0].Of != project.OfInvoice || d[0].Verdict != project.MarkInvoiced || d[0].Revision != 3) || user != "U0EVE" && len(d) != 0 {
			t.Errorf("%s: decided %+v", user, d)
		}
		if got := w.told(user); !strings.Contains(got, told) {
			t.Errorf("%s is told %q", user, got)
		}
	}
}

// TestAnOrganizationsInstall: Slack sends only the organization, so the person's own workspace counts.
func TestAnOrganizationsInstall(t *testing.T) {
	button := cards.Button{Project: theProject, Request: pauseID, Generation: 2}
	value, err := button.Encode()
	if err != nil {
		t.Fatal(err)
	}
	modal, err := cards.OpenModal(cards.ActionReject, button, approvals, "1.2")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		from   string
		counts bool
	}{
		"ours":                    {`"team":null,"enterprise":{"id":"E1"},"user":{"id":"U0ANN","team_id":"T0SIM0001"}`, true},
		"another workspace of it": {`"team":null,"enterprise":{"id":"E1"},"user":{"id":"U0ANN","team_id":"T0OTHER"}`, false},
		"no organization":         {`"team":null,"enterprise":null,"user":{"id":"U0ANN","team_id":"T0SIM0001"}`, false},
		"another workspace":       {`"team":{"id":"T0OTHER"},"enterprise":{"id":"E1"},"user":{"id":"U0ANN","team_id":"T0SIM0001"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.interact(`{"type":"block_actions",` + c.from + `,"channel":{"id":"C0APPROVE"},"container":{"message_ts":"1.2"},"actions":[{"type":"button","action_id":"cpi_approve","block_id":"b","value":"` + value + `","action_ts":"3.4"}]}`)
			w.in.Wait()
			want := map[bool]string{true: "Recorded", false: "only members of the workspace"}[c.counts]
			if told := w.told("U0ANN"); (len(w.temporal.decided()) == 1) != c.counts || !strings.Contains(told, want) {
				t.Errorf("decided %+v, told %q", w.temporal.decided(), told)
			}
			w = newWorld(t)
			w.interact(`{"type":"view_submission",` + c.from + `,"view":{"id":"V1","callback_id":"cpi_reject_modal","private_metadata":"` + modal.PrivateMetadata + `"}}`)
			w.in.Wait()
			if told := w.told("U0ANN"); (len(w.temporal.decided()) == 1) != c.counts || !strings.Contains(told, want) {
				t.Errorf("by a modal: decided %+v, told %q", w.temporal.decided(), told)
			}
		})
	}
}

// TestTheSameClickTwice sends the same request again, and two clicks at once.
func TestTheSameClickTwice(t *testing.T) {
	w := newWorld(t)
	ts := w.request()
	first := w.click(simulator.Click{User: "U0ANN", TS: ts, ActionID: cards.ActionApprove})
	if _, err := w.slack.Replay(t.Context(), first.Sent); err != nil {
		t.Fatal(err)
	}
	w.click(simulator.Click{User: "U0ANN", TS: ts, ActionID: cards.ActionApprove, Stale: true})
	w.click(simulator.Click{User: "U0BEN", TS: ts, ActionID: cards.ActionApprove, Stale: true})
	d := w.temporal.decided()
	if len(d) != 4 || d[0].ID != d[1].ID || d[0].ID == d[2].ID || d[2].ID == d[3].ID {
		t.Errorf("clicks: %+v", d)
	}
}

// TestClicksThatDoNotCount: nothing is signaled, and the person who clicked is told.
func TestClicksThatDoNotCount(t *testing.T) {
	other := "b1|no|button"
	cases := []struct {
		name    string
		click   simulator.Click
		prepare func(*world)
		told    string
	}{
		{"not an approver", simulator.Click{User: "U0EVE"}, nil, "Ask one of them to click"},
		{"nobody is an approver", simulator.Click{User: "U0EVE"}, func(w *world) { w.who.none = true }, "names no active member"},
		{"no list", simulator.Click{User: "U0ANN"}, func(w *world) { w.who.unknown = true }, "can't be read from Slack"},
		{"Temporal is away", simulator.Click{User: "U0ANN"}, func(w *world) { w.temporal.away = errors.New("unavailable") }, "could not be recorded"},
		{"another workspace's payload", simulator.Click{User: "U0ANN", Team: "T0OTHER"}, nil, "only members of the workspace"},
		{"our workspace can't be told", simulator.Click{User: "U0ANN"}, func(w *world) { w.slack.Set(func(o *simulator.SlackOptions) { o.BotToken = "xoxb-other" }) }, "could not be recorded"},
		{"closed, outcome unknown", simulator.Click{User: "U0ANN"}, func(w *world) { w.temporal.decide = func() error { return workflows.ErrClosed } }, "is closed."},
		{"a button that nobody knows", simulator.Click{User: "U0ANN", Value: &other}, nil, "does not fit"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			ts := w.request()
			if c.prepare != nil {
				c.prepare(w)
			}
			c.click.TS, c.click.ActionID = ts, cards.ActionApprove
			if reply := w.click(c.click); !reply.OK() {
				t.Errorf("answered %d", reply.Status)
			}
			if d := w.temporal.decided(); len(d) != 0 {
				t.Errorf("signalled: %+v", d)
			}
			if told := w.told(c.click.User); !strings.Contains(told, c.told) || strings.Contains(told, "Recorded") {
				t.Errorf("told %q, want %q", told, c.told)
			}
			w.untouched(ts)
			for _, user := range []string{"U0ANN", "U0BEN", "U0EVE"} {
				if user != c.click.User && w.told(user) != "" {
					t.Errorf("%s is told too", user)
				}
			}
		})
	}
}

func TestAStrangerIfAnyoneMayDecide(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Anyone = true })
	ts := w.request()
	w.click(simulator.Click{User: "U0GUEST", TS: ts, ActionID: cards.ActionApprove})
	if told := w.told("U0GUEST"); len(w.temporal.decided()) != 0 || !strings.Contains(told, "only members of the workspace") {
		t.Errorf("decided %v, told %q", w.temporal.decided(), told)
	}
	w.click(simulator.Click{User: "U0ANN", TS: ts, ActionID: cards.ActionApprove})
	if len(w.temporal.decided()) != 1 {
		t.Error("a member's click was not handed over")
	}
}

func TestAClosedRequestTellsItsOutcome(t *testing.T) {
	w := newWorld(t)
	amount := prodege.MustUSD("4.25")
	w.temporal.decide = func() error { return workflows.ErrClosed }
	w.temporal.projects = map[prodege.ProjectID]*project.State{theProject: {Request: &project.Question{Kind: project.OfCPI, ID: pauseID, Phase: project.PhaseLive, Required: &amount,
		Decisions: []project.Decided{{Verdict: project.Approve, User: "U0BEN", Amount: &amount, At: time.Now(), From: project.FromSlack}}}}}
	w.click(simulator.Click{User: "U0ANN", TS: w.request(), ActionID: cards.ActionApprove})
	if told := w.told("U0ANN"); !strings.Contains(told, "live again") || !strings.Contains(told, "<@U0BEN>") {
		t.Errorf("told: %s", told)
	}
}

// slackWaits is how long Slack waits for the answer to an interaction (docs.slack.dev, interactivity).
const slackWaits = 3 * time.Second

// TestASlowTemporal is cut off in time for Slack's three seconds, and the click does not count, however long the list of
// approvers took. The test checks timeouts instead of measuring time.
func TestASlowTemporal(t *testing.T) {
	list := &slowList{}
	w := newWorld(t, func(o *Options) { o.Approvers = list })
	block := make(chan struct{})
	slow := &slowDecider{temporal: w.temporal, block: block}
	w.in.options.Workflows = slow
	defer close(block)
	reply := w.click(simulator.Click{User: "U0ANN", TS: w.request(), ActionID: cards.ActionApprove})
	if reply.TimedOut || !reply.OK() || reply.Took < time.Second {
		t.Errorf("answered %d after %s", reply.Status, reply.Took)
	}
	if told := w.told("U0ANN"); !strings.Contains(told, "could not be recorded") {
		t.Errorf("told: %s", told)
	}
	if given := slow.until.Sub(list.asked); slow.until.IsZero() || given > interactionTimeout {
		t.Errorf("Temporal may take until %s after the list was asked", given)
	}
}

// TestSlacksThreeSeconds: whatever an interaction waits for before it is answered, some time is left for the network.
func TestSlacksThreeSeconds(t *testing.T) {
	for what, limit := range map[string]time.Duration{
		"a decision": interactionTimeout,
		"a modal":    openTimeout,
		"a command":  commandTimeout,
	} {
		if limit > slackWaits-300*time.Millisecond {
			t.Errorf("%s may take %s", what, limit)
		}
	}
}

// slowList answers when nearly all of its time is over.
type slowList struct{ asked time.Time }

func (l *slowList) Nobody(context.Context) bool { return false }

func (l *slowList) May(ctx context.Context, _ string) (allowed, known bool) {
	l.asked = time.Now()
	<-ctx.Done()
	return true, true
}

type slowDecider struct {
	*temporal
	block chan struct{}
	until time.Time // when the time is up that it is given
}

func (s *slowDecider) Decide(ctx context.Context, _ prodege.ProjectID, _ project.Decision) error {
	s.until, _ = ctx.Deadline()
	select {
	case <-s.block:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestSignaturesOfSlack(t *testing.T) {
	for _, c := range []struct {
		name   string
		click  simulator.Click
		status int
	}{
		{"another secret", simulator.Click{BadSignature: true}, 401},
		{"six minutes old", simulator.Click{Age: 6 * time.Minute}, 401},
		{"six minutes ahead", simulator.Click{Age: -6 * time.Minute}, 401},
		{"four minutes old", simulator.Click{Age: 4 * time.Minute}, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			ts := w.request()
			c.click.User, c.click.TS, c.click.ActionID = "U0ANN", ts, cards.ActionApprove
			reply := w.click(c.click)
			if reply.Status != c.status || (len(w.temporal.decided()) == 1) != (c.status == 200) {
				t.Errorf("answered %d, decided %v", reply.Status, w.temporal.decided())
			}
			if c.status == 401 && w.told("U0ANN") != "" {
				t.Error("someone was told something")
			}
		})
	}
}

func TestEitherSigningSecret(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.SigningSecrets = []prodege.Secret{"hush-newest", slackSecret} })
	if reply := w.click(simulator.Click{User: "U0ANN", TS: w.request(), ActionID: cards.ActionApprove}); !reply.OK() {
		t.Errorf("answered %d", reply.Status)
	}
}

func TestRejectAsksForAReason(t *testing.T) {
	w := newWorld(t)
	ts := w.request()
	if reply := w.click(simulator.Click{User: "U0ANN", TS: ts, ActionID: cards.ActionReject}); !reply.OK() || len(w.temporal.decided()) != 0 {
		t.Fatalf("answered %d, decided %v", reply.Status, w.temporal.decided())
	}
	views := w.slack.Views("U0ANN")
	if len(views) != 1 {
		t.Fatalf("views: %+v", views)
	}
	out, err := w.slack.Submit(t.Context(), views[0].ID, "U0ANN", map[string]string{cards.BlockReason + "/value": " too expensive "})
	if err != nil || out.Action != "" || !out.OK() {
		t.Fatalf("submitted: %+v, %v", out, err)
	}
	w.in.Wait()
	d := w.temporal.decided()
	if len(d) != 1 || d[0].Verdict != project.Reject || d[0].Reason != "too expensive" || d[0].User != "U0ANN" || d[0].Channel != approvals || d[0].Generation != 2 {
		t.Errorf("decided: %+v", d)
	}
	if len(w.slack.Views("U0ANN")) != 0 {
		t.Error("the modal is open")
	}
	w.untouched(ts)
	if told := w.told("U0ANN"); !strings.Contains(told, "Recorded: your rejection of $4.25") || len(w.slack.Calls("chat.postEphemeral")) != 1 {
		t.Errorf("told: %s", told)
	}
}

func TestApproveUpTo(t *testing.T) {
	w := newWorld(t)
	ceiling := prodege.MustUSD("6")
	ts := w.request(func(r *project.RequestFacts) { r.Ceiling = &ceiling })
	w.click(simulator.Click{User: "U0ANN", TS: ts, ActionID: cards.ActionApproveUpTo})
	view := w.slack.Views("U0ANN")[0].ID
	for entered, want := range map[string]string{"4.24": "at least $4.25", "6.01": "at most $6.00", "425": "at most $6.00", "five": "dollars"} {
		out, err := w.slack.Submit(t.Context(), view, "U0ANN", map[string]string{cards.BlockAmount + "/value": entered})
		if err != nil || out.Action != "errors" || !strings.Contains(out.Errors[cards.BlockAmount], want) {
			t.Errorf("%s: %+v, %v", entered, out, err)
		}
	}
	// After a temporary failure the same modal can be submitted again.
	w.temporal.set(func() { w.temporal.away = errors.New("unavailable") })
	out, err := w.slack.Submit(t.Context(), view, "U0ANN", map[string]string{cards.BlockAmount + "/value": "5.50"})
	if err != nil || !strings.Contains(out.Errors[cards.BlockAmount], "could not be recorded") {
		t.Errorf("Temporal away: %+v, %v", out, err)
	}
	w.temporal.set(func() { w.temporal.away = nil })
	if out, err = w.slack.Submit(t.Context(), view, "U0ANN", map[string]string{cards.BlockAmount + "/value": "$5.50"}); err != nil || out.Action != "" || !out.OK() {
		t.Fatalf("submitted: %+v, %v", out, err)
	}
	w.in.Wait()
	d := w.temporal.decided()
	if len(d) != 1 || d[0].Verdict != project.Approve || d[0].UpTo.String() != "5.50" || d[0].Amount.String() != "4.25" {
		t.Errorf("decided: %+v", d)
	}
	if faults := w.slack.Complaints(); len(faults) != 0 {
		t.Errorf("Slack complains: %v", faults)
	}
}

func TestAnOutsidersModal(t *testing.T) {
	w := newWorld(t)
	ts := w.request()
	w.click(simulator.Click{User: "U0EVE", TS: ts, ActionID: cards.ActionReject})
	w.submitsAsOutsider(ts, w.slack.Views("U0EVE")[0].ID)
}

// submitsAsOutsider has an outsider submit a modal: it closes, decides nothing, and she is told so.
func (w *world) submitsAsOutsider(ts, view string) {
	w.t.Helper()
	out, err := w.slack.Submit(w.t.Context(), view, "U0EVE", nil)
	if err != nil || !out.OK() || out.Action != "" {
		w.t.Fatalf("submitted: %+v, %v", out, err)
	}
	w.in.Wait()
	if told := w.told("U0EVE"); len(w.temporal.decided()) != 0 || !strings.Contains(told, "only people on the list of approvers") || len(w.buttons(ts)) == 0 {
		w.t.Errorf("decided %v, told %q, buttons %v", w.temporal.decided(), told, w.buttons(ts))
	}
}

func TestAModalThatCantOpen(t *testing.T) {
	w := newWorld(t)
	w.slack.Inject(simulator.Fault{Kind: simulator.AnswerCode, Method: "views.open", Code: "expired_trigger_id"})
	ts := w.request()
	if reply := w.click(simulator.Click{User: "U0ANN", TS: ts, ActionID: cards.ActionReject}); !reply.OK() {
		t.Errorf("answered %d", reply.Status)
	}
	if told := w.told("U0ANN"); !strings.Contains(told, "did not count") {
		t.Errorf("told: %s", told)
	}
}

// TestTheClickerIsToldByOneOfTwoWays lets response_url fail, so that chat.postEphemeral is used.
func TestTheClickerIsToldByOneOfTwoWays(t *testing.T) {
	w := newWorld(t)
	w.slack.Inject(simulator.Fault{Kind: simulator.HTTPStatus, Method: "response"})
	w.click(simulator.Click{User: "U0EVE", TS: w.request(), ActionID: cards.ActionApprove})
	if told := w.told("U0EVE"); !strings.Contains(told, "only people on the list of approvers") {
		t.Errorf("told: %q", told)
	}
	if len(w.slack.Calls("chat.postEphemeral")) != 1 {
		t.Error("not told by the other way")
	}
}

func TestButtonsThatAreNoneOfOurs(t *testing.T) {
	w := newWorld(t)
	ts := w.request()
	for _, payload := range []string{
		`{"type":"block_actions","user":{"id":"U0ANN"},"team":{"id":"T0SIM0001"},"actions":[{"type":"button","action_id":"link","block_id":"b","url":"https://x"}]}`,
		`{"type":"block_actions","user":{"id":"U0ANN"},"actions":[]}`,
		`{"type":"shortcut","user":{"id":"U0ANN"}}`,
		`{"type":"view_closed","user":{"id":"U0ANN"},"view":{"callback_id":"cpi_reject_modal"}}`,
		`{"type":"view_submission","user":{"id":"U0ANN"},"view":{"callback_id":"other","private_metadata":"x"}}`,
		`{}`,
	} {
		if status, body := w.interact(payload); status != 200 || body != "" {
			t.Errorf("%s is answered %d %s", payload, status, body)
		}
	}
	w.in.Wait()
	if d := w.temporal.decided(); len(d) != 0 || len(w.buttons(ts)) == 0 {
		t.Errorf("decided %+v", d)
	}
	for _, payload := range []string{"", "[]", "{", `{"type":7}`} {
		if status, _ := w.interact(payload); status != 400 {
			t.Errorf("%q is answered %d", payload, status)
		}
	}
}

// TestForeignResponseURLs: only Slack's hosts and that of SLACK_API_URL are called.
func TestForeignResponseURLs(t *testing.T) {
	w := newWorld(t)
	own := strings.TrimSuffix(w.in.options.SlackAPIURL, "/api/")
	for address, want := range map[string]bool{
		own + "/response/1":                        true,
		"https://hooks.slack.com/actions/T1/2/3":   true,
		"https://HOOKS.slack.com:443/actions":      true,
		"http://hooks.slack.com/actions":           false,
		"https://hooks.slack.com.evil.example/":    false,
		"https://evil.example/hooks.slack.com":     false,
		"https://hooks.slack.com@evil.example/":    false,
		"https://evilslack.com/":                   false,
		"https://hooks.slack.com:8443/":            false,
		"http://169.254.169.254/latest/meta-data/": false,
		"file:///etc/passwd":                       false,
		"":                                         false,
		"//hooks.slack.com/x":                      false,
		strings.Replace(own, "http:", "https:", 1): false,
	} {
		if got := w.in.slackHost(address); got != want {
			t.Errorf("%q: %v, want %v", address, got, want)
		}
	}
}

// TestManyClicksAtOnce: each is signaled, and none is answered late.
func TestManyClicksAtOnce(t *testing.T) {
	w := newWorld(t)
	ts := w.request()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			reply, err := w.slack.Click(t.Context(), simulator.Click{User: "U0ANN", Channel: approvals, TS: ts, ActionID: cards.ActionApprove, Stale: true})
			if err != nil || !reply.OK() {
				t.Errorf("%+v, %v", reply, err)
			}
		})
	}
	all.Wait()
	w.in.Wait()
	if n := len(w.temporal.decided()); n != 20 || strings.Count(w.told("U0ANN"), "Recorded") != 20 {
		t.Errorf("%d signalled, told %s", n, w.told("U0ANN"))
	}
	w.untouched(ts)
}

package operator

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"fieldmarshal/inbox"
	"fieldmarshal/prodege"
	"fieldmarshal/simulator"
	"fieldmarshal/workflows"
)

// healthy is a Temporal with all that is needed.
type healthy struct{ *fakes }

func (healthy) Retention(context.Context) (time.Duration, error) { return 720 * time.Hour, nil }
func (healthy) Attributes(context.Context) (map[string]string, error) {
	all := map[string]string{}
	for _, a := range workflows.Attributes() {
		all[a.Name] = a.Type.String()
	}
	return all, nil
}

// lacking is a namespace without one search attribute.
type lacking struct {
	Temporal
	name string
}

func (l lacking) Attributes(ctx context.Context) (map[string]string, error) {
	all, err := l.Temporal.Attributes(ctx)
	delete(all, l.name)
	return all, err
}

// workspace is a Slack.
type workspace struct {
	identity SlackIdentity
	fault    error
	channels map[string]SlackChannel
	nobody   bool
}

func (w workspace) Nobody(context.Context) bool { return w.nobody }

func (w workspace) Identity(context.Context) (SlackIdentity, error) { return w.identity, w.fault }
func (w workspace) Channel(_ context.Context, id string) (SlackChannel, error) {
	if c, ok := w.channels[id]; ok {
		return c, nil
	}
	return SlackChannel{}, errors.New("Slack does not know the channel")
}

// supplier is Prodege's API with the key and secret of the caller's choice.
func supplier(t *testing.T, key, secret prodege.Secret) *prodege.Client {
	t.Helper()
	p := simulator.NewProdege(simulator.ProdegeOptions{APIKey: "good-key", SecretKey: "good-secret"})
	server := httptest.NewServer(p.Handler())
	t.Cleanup(func() { server.Close(); p.Close() })
	return prodege.NewClient(prodege.Options{APIKey: key, SecretKey: secret, BaseURL: server.URL + "/prodege"})
}

func wellSetUp(t *testing.T) *World {
	f := &fakes{accepting: true, workers: 2}
	w := f.world()
	w.Temporal = healthy{f}
	w.Prodege = supplier(t, "good-key", "good-secret")
	w.Slack = workspace{identity: SlackIdentity{"Team", "bot", scopes},
		channels: map[string]SlackChannel{"C1": {Name: "alerts", Member: true}, "C2": {Name: "old", Archived: true}, "C3": {Name: "far"}}}
	w.Facts.InboxDir = "."
	w.Facts.Channels = []Channel{{"SLACK_ALERTS_CHANNEL", "C1"}}
	return w
}

func TestDoctor(t *testing.T) {
	for name, c := range map[string]struct {
		spoil   func(t *testing.T, w *World)
		what    string // the one check that is not ok
		verdict Verdict
		says    string
	}{
		"nothing":           {func(*testing.T, *World) {}, "", Fine, "2 polling"},
		"a fault of config": {func(_ *testing.T, w *World) { w.Findings = []string{"CPI_CEILING is not an amount"} }, "configuration", Broken, "CPI_CEILING"},
		"dry run":           {func(_ *testing.T, w *World) { w.Facts.DryRun = true }, "DRY_RUN", Warning, "nothing is sent"},
		"Temporal away":     {func(_ *testing.T, w *World) { w.Flows.(*fakes).health = errors.New("refused") }, "Temporal", Broken, "temporal:7233"},
		"missing":           {func(_ *testing.T, w *World) { w.Temporal = lacking{w.Temporal, "Summary"} }, "search attributes", Warning, "missing: Summary"},
		"retention":         {func(_ *testing.T, w *World) { w.Facts.ProjectLinger = 721 * time.Hour }, "retention", Broken, "keeps closed workflows for 30 d 0 h, less than PROJECT_LINGER (30 d 1 h)"},
		"kill switch":       {func(_ *testing.T, w *World) { w.Flows.(*fakes).accepting = false }, "kill switch", Warning, "off"},
		"no worker":         {func(_ *testing.T, w *World) { w.Flows.(*fakes).workers = 0 }, "workers", Warning, "none polls"},
		"bad token": {func(_ *testing.T, w *World) {
			w.Slack = workspace{fault: errors.New("Slack does not accept SLACK_BOT_TOKEN")}
		}, "Slack token", Broken, "does not accept"},
		"a scope is missing": {func(_ *testing.T, w *World) {
			s := w.Slack.(workspace)
			s.identity.Scopes = []string{"chat:write", "channels:history", "usergroups:read"}
			w.Slack = s
		}, "Slack scopes", Broken, "groups:history"},
		"a warning": {func(_ *testing.T, w *World) { w.Warnings = []string{"SLACK_ESCALATON is not read"} }, "configuration", Warning, "SLACK_ESCALATON"},
		"anyone":    {func(_ *testing.T, w *World) { w.Facts.Anyone = true }, "Slack approvers", Warning, "anyone"},
		"nobody left": {func(_ *testing.T, w *World) {
			s := w.Slack.(workspace)
			s.nobody = true
			w.Slack = s
		}, "Slack approvers", Broken, "nobody may decide"},
		"a terminated project": {func(_ *testing.T, w *World) {
			f := asks()
			w.Flows.(*fakes).project, w.Flows.(*fakes).ended = f.project, []Row{{Project: theProject, Workflow: "project-29303649", Ended: "Terminated", Summary: "asks to accept $4.25"}}
		}, "project 29303649", Warning, "delete in Slack what still has buttons (http://slack/1); then fieldmarshal watch 29303649"},
		"a terminated project, no worker": {func(_ *testing.T, w *World) {
			w.Flows.(*fakes).ended = []Row{{Project: theProject, Workflow: "project-29303649", Ended: "Failed"}}
		}, "project 29303649", Warning, "its workflow ended (failed)"},
		"a terminated project that is open again": {func(_ *testing.T, w *World) {
			w.Flows.(*fakes).ended, w.Flows.(*fakes).rows = []Row{{Project: theProject}}, []Row{{Project: theProject}}
		}, "", Fine, "no project was terminated"},
		"unknown channel":    {func(_ *testing.T, w *World) { w.Facts.Channels[0].ID = "C404" }, "Slack channel SLACK_ALERTS_CHANNEL", Broken, "does not know"},
		"archived channel":   {func(_ *testing.T, w *World) { w.Facts.Channels[0].ID = "C2" }, "Slack channel SLACK_ALERTS_CHANNEL", Broken, "archived"},
		"not in the channel": {func(_ *testing.T, w *World) { w.Facts.Channels[0].ID = "C3" }, "Slack channel SLACK_ALERTS_CHANNEL", Broken, "not in it"},
		"no API key":         {func(_ *testing.T, w *World) { w.Prodege = nil }, "Prodege API", Warning, "by hand"},
		"wrong API key":      {func(t *testing.T, w *World) { w.Prodege = supplier(t, "bad-key", "good-secret") }, "Prodege API", Broken, "does not accept our API key"},
		"wrong secret":       {func(t *testing.T, w *World) { w.Prodege = supplier(t, "good-key", "bad-secret") }, "Prodege API", Broken, "does not accept our API key"},
		"Prodege away": {func(_ *testing.T, w *World) {
			w.Prodege = prodege.NewClient(prodege.Options{BaseURL: "http://127.0.0.1:1"})
		}, "Prodege API", Broken, "could not be reached"},
		"not Prodege":         {func(t *testing.T, w *World) { w.Prodege = elsewhere(t) }, "Prodege API", Broken, "PRODEGE_BASE_URL"},
		"inbox not answering": {func(_ *testing.T, w *World) { w.Inbox = inbox.NewControl("/nowhere") }, "inbox", Warning, "no ingress answers"},
		"dead letters":        {func(_ *testing.T, w *World) { w.Inbox.(box).listing.Stats.DeadLetters = 2 }, "inbox", Warning, "2 dead letters"},
		"a stuck event":       {func(_ *testing.T, w *World) { w.Inbox.(box).listing.Stats.Stuck = 1 }, "inbox", Warning, "1 events are stuck"},
		"disk refuses":        {func(_ *testing.T, w *World) { w.Inbox.(box).listing.Stats.Fault = "no space" }, "inbox", Broken, "no space"},
		"inbox in memory":     {func(_ *testing.T, w *World) { w.Facts.InboxDir = "/dev/shm/inbox" }, "inbox disk", Warning, "memory"},
	} {
		t.Run(name, func(t *testing.T) {
			w := wellSetUp(t)
			if inbox.Volatile(".") != "" && c.what != "inbox disk" {
				w.Facts.InboxDir = "/proc/self" // this machine's disk is volatile, which is not the point here
			}
			if name == "inbox in memory" && inbox.Volatile("/dev/shm") == "" {
				t.Skip("this machine has no memory file system at /dev/shm")
			}
			c.spoil(t, w)
			a := run(t, w, "", "doctor", "--json")
			var d Diagnosis
			if err := json.Unmarshal([]byte(a.out), &d); err != nil {
				t.Fatalf("%v: %s", err, a.out)
			}
			if wantCode := map[bool]int{true: ExitFailed}[c.verdict == Broken]; a.code != wantCode || d.OK != (wantCode == 0) {
				t.Errorf("exit code %d, ok %t", a.code, d.OK)
			}
			found := false
			for _, check := range d.Checks {
				if check.Verdict == Fine {
					continue
				}
				if found = true; check.What != c.what || check.Verdict != c.verdict || check.Do == "" {
					t.Errorf("it says %+v", check)
				}
			}
			if found != (c.what != "") {
				t.Errorf("not found: %+v", d.Checks)
			}
			run(t, w, "", "doctor").wants(t, a.code, c.says)
		})
	}
}

func elsewhere(t *testing.T) *prodege.Client {
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	return prodege.NewClient(prodege.Options{BaseURL: server.URL})
}

// TestDoctorOfAnEmptyTemporal: missing attributes are the worker's to add, one of a wrong type is a person's.
func TestDoctorOfAnEmptyTemporal(t *testing.T) {
	w := wellSetUp(t)
	w.Temporal = w.Flows.(*fakes)
	w.Flows.(*fakes).workers = 0
	run(t, w, "", "doctor").wants(t, ExitFailed, "ProjectStatus is Text and must be Keyword", "none polls", "retention 720h")
}

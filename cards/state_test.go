package cards

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// pausedState is a project that waits for a second approval, with all that can stand on its page.
func pausedState() *project.State {
	s := project.New(29303649)
	s.Name = frame().Project
	s.Status, s.Reason, s.Description, s.StatusSince = prodege.Paused, prodege.RealTimePricing, prodege.DescriptionCPI, paused
	s.Waiting, s.WaitingSince = project.WaitsApproval, paused
	s.Settings = project.Settings{ApprovalsChannel: "C0CPI", AlertsChannel: "C0ALERTS", Approvers: []string{"U0ANN", "S0OPS"}}
	e := event(prodege.Paused, prodege.RealTimePricing, prodege.DescriptionCPI)
	s.Pause = &project.Pause{Opened: e.ID, Since: paused, Event: e, ForCPI: true, Times: 1, Request: "request-" + string(e.ID)}
	s.Request = &project.Question{Kind: project.OfCPI, ID: e.ID, Generation: 1, Phase: project.PhaseSecond, Required: usd("4.25"),
		Numbers: &project.Numbers{MaxCPI: usd("3.75")}, Clock: project.Clock{Deadline: paused.Add(24 * time.Hour)}}
	s.Outbox = []*project.Message{{Key: s.Pause.Request, Card: requestCard(project.PhaseSecond, nil), What: "CPI request", Link: alertLink, Wanted: 2, Shown: 1, Fault: "the app is not in the channel: invite it there (not_in_channel)", Due: live}}
	s.Decisions = []project.Decided{{Verdict: project.Approve, User: "U0ANN", Amount: usd("4.25"), At: decided, From: project.FromSlack, Reason: "$5 is *fine* for [this]"}}
	s.Request.Decisions = s.Decisions
	s.Counts = project.Counts{Received: 3, Applied: 2, Late: 1}
	s.Last = []project.EventLine{
		{ID: "e1", Time: paused.Add(-time.Hour), Status: prodege.Live, Disposition: project.Applied},
		{ID: "e2", Time: paused.Add(-time.Minute), Status: prodege.Paused, Reason: prodege.SampleSize, Disposition: project.Late, Vouched: "U0BOB"},
		{ID: e.ID, Time: paused, Status: prodege.Paused, Reason: prodege.RealTimePricing, Disposition: project.Applied, Source: prodege.FromSweep},
	}
	return s
}

// busyState is a completed project whose act is still under way.
func busyState() *project.State {
	s := project.New(7)
	s.Status, s.StatusSince, s.Waiting, s.WaitingSince = prodege.Complete, paused, project.WaitsInvoicing, paused
	s.Invoice = &project.Invoicing{Phase: project.InvoiceRefused, PhaseAt: live, Revision: 2, Key: "project-7-invoice-r2", Refusal: &project.Refusal{Party: "billing", Text: "no such purchase order."}}
	s.Act = &project.Act{Kind: project.OfAction, Fault: &project.Refusal{Party: "Prodege", Text: "maintenance"}}
	s.Act.Tries, s.Act.First = 3, decided
	s.Life.Earlier, s.Cancelled, s.Poll.Fault = true, true, "HTTP 503"
	return s
}

func TestDetails(t *testing.T) {
	action := pausedState()
	action.Request, action.Pause.ForCPI, action.Pause.Alert = nil, false, "alert"
	action.Waiting, action.Status, action.Reason, action.Description = project.WaitsAction, prodege.Paused, prodege.PausedInactive, ""
	action.Pause.Event = event(prodege.Paused, prodege.PausedInactive, "")
	action.Pause.Inactivity = &project.InactivityClock{At: prodege.AutoCompleteAt(paused)}
	action.Action = &project.Question{Kind: project.OfAction, ID: action.Pause.Opened, Phase: project.PhaseOpen, Offers: action.Pause.Event.Actions()}
	action.Outbox[0].Key, action.Outbox[0].Fault = "alert", ""
	for name, s := range map[string]*project.State{"cpi": pausedState(), "action": action, "invoice": busyState(), "new": project.New(9)} {
		t.Run(name, func(t *testing.T) { goldenText(t, "details-"+name+".golden.md", Details(s)) })
	}
}

// The page keeps within what Temporal keeps, whatever people and Prodege write.
func TestDetailsWithinLimits(t *testing.T) {
	for _, text := range []string{strings.Repeat("x", 5000), strings.Repeat("$|é*\n", 3000), "a\xff\u202eb"} {
		s := pausedState()
		s.Name.Name, s.Description, s.Pause.Event.Description, s.Outbox[0].Fault = text, text, text, text
		for range 10 {
			s.Decisions = append(s.Decisions, project.Decided{Verdict: project.Verdict(text), User: text, Reason: text})
			s.Last = append(s.Last, project.EventLine{ID: prodege.EventID(text), Status: prodege.Status(text), Disposition: project.Disposition(text)})
			s.Settings.Approvers = append(s.Settings.Approvers, text)
		}
		if got := Details(s); len(got) > 18<<10 || !utf8.ValidString(got) {
			t.Errorf("%d bytes, valid %v", len(got), utf8.ValidString(got))
		}
		checkMessage(t, Status(s, project.Frame{}))
	}
}

func TestMarkdown(t *testing.T) {
	if got, want := markdown("a|b*c_d`e[f]<g>#h $i\\j\nk"), `a\|b\*c\_d'e\[f]\<g>\#h \$i\\j k`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSummary(t *testing.T) {
	e := sampleSize()
	odd := event(prodege.Paused, 0, "DISABLED_BY_SOMETHING_NEW")
	chosen := &project.Decided{Verdict: project.ChooseAction, Action: prodege.ActSample, Number: 500}
	for _, c := range []struct {
		view project.View
		want string
	}{
		{project.View{}, "no event yet"},
		{project.View{Status: prodege.Live}, "LIVE"},
		{project.View{Status: prodege.PendingComplete}, "PENDING_COMPLETE, reconciliation under way"},
		{project.View{Status: prodege.Paused, Request: project.PhaseOpen, Required: usd("4.25"), MaxCPI: usd("3.75")}, "asks to accept $4.25, now $3.75"},
		{project.View{Status: prodege.Paused, Request: project.PhaseOpen}, "asks to accept an amount that Prodege has not given"},
		{project.View{Status: prodege.Paused, Request: project.PhaseSecond, Required: usd("9"), MaxCPI: usd("7.5")}, "asks a second person to accept $9.00, now $7.50"},
		{project.View{Status: prodege.Paused, Request: project.PhaseHeld, Required: usd("4.25"), Approved: usd("4.5")}, "held back: $4.50 approved, accepting is off"},
		{project.View{Status: prodege.Paused, Request: project.PhaseExpired, Required: usd("4.25"), Attention: project.Attention{Kind: project.AttentionExpired}}, "nobody decided about $4.25 in time"},
		{project.View{Status: prodege.Paused, Request: project.PhaseRefused, Required: usd("4.25"), Attention: project.Attention{Kind: project.AttentionRefused, Text: "Prodege: project is complete."}},
			"$4.25 was refused, still paused. Needs attention: what was decided was refused (Prodege: project is complete)"},
		{project.View{Status: prodege.Paused, Event: &e}, "PAUSED: sample size reached (reason 158)"},
		{project.View{Status: prodege.Paused, Event: &odd}, "PAUSED: unknown reason (DISABLED_BY_SOMETHING_NEW)"},
		{project.View{Status: prodege.Paused, Event: &e, Action: project.PhaseAccepted, Chosen: chosen}, "PAUSED: sample size reached (reason 158); Raise sample size (500): accepted by Prodege, not in effect yet"},
		{project.View{Status: prodege.Paused, Event: &e, Action: project.PhaseHeld, Chosen: chosen}, "held back: Raise sample size (500) chosen, accepting is off"},
		{project.View{Status: prodege.Complete, Invoice: project.InvoiceByHand}, "COMPLETE, invoice made by hand"},
		{project.View{Status: prodege.Complete, Invoice: project.InvoiceSent, Attention: project.Attention{Kind: project.AttentionMissing}}, "COMPLETE, invoice handed to billing. Needs attention: Prodege has not reported INVOICED by the 7th"},
	} {
		if got := Summary(c.view); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	long := project.View{Status: prodege.Live, Attention: project.Attention{Kind: project.AttentionSlack, Text: strings.Repeat("é\n\xff", 300)}}
	if got := Summary(long); len(got) > 200 || !utf8.ValidString(got) || strings.Contains(got, "\xff") {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}

// Every value that is shown has words of its own: none is shown as the code has it.
func TestEverythingHasWords(t *testing.T) {
	words := map[string]func(string) string{
		"Waits":     func(v string) string { return Waits(project.Waiting(v)) },
		"Attention": func(v string) string { return Attention(project.Attention{Kind: project.AttentionKind(v)}) },
		"Phase":     func(v string) string { return RequestPhase(project.Phase(v), usd("4.25"), nil, nil) },
		"Invoice":   func(v string) string { return InvoicePhase(project.InvoicePhase(v)) },
		"Answer":    func(v string) string { return AnswerPhrase(project.AnswerKind(v), nil) },
	}
	seen := 0
	for _, file := range []string{"facts.go", "state.go", "view.go"} {
		for name, value := range constants(t, file) {
			for prefix, word := range words {
				if got := word(value); strings.HasPrefix(name, prefix) && value != "" && name != "PhaseDone" && value != "nothing" && value != "recorded" {
					seen++
					if got == value || strings.HasSuffix(got, ", "+value) {
						t.Errorf("%s has no words: %q", name, got)
					}
				}
			}
		}
	}
	if seen < 60 {
		t.Errorf("only %d values were found", seen)
	}
}

// constants are the string constants of a file of package project.
func constants(t *testing.T, file string) map[string]string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("..", "project", file))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(source)) {
		f := strings.Fields(line)
		if len(f) < 4 || f[2] != "=" || !strings.HasPrefix(f[3], `"`) {
			continue
		}
		var value string
		if json.Unmarshal([]byte(f[3]), &value) == nil {
			all[f[0]] = value
		}
	}
	return all
}

func goldenText(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./cards -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("differs (-want +got); go test ./cards -update accepts it\n%s", diff)
	}
}

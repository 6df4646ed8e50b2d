package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

// run runs an operator's command on the ingress's machine, checks its exit code, and returns its output.
func (w *world) run(want int, args ...string) string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	if slices.Contains([]string{"approve", "reject", "act"}, args[0]) {
		args = append(args, "--wait", "60s") // the machine may be busy
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = w.ingress.dir
	env := maps.Clone(w.worker.env)
	env["INGRESS_ADMIN_ADDR"] = strings.TrimPrefix(w.ingress.admin, "http://")
	env["HTTP_ADDR"] = strings.TrimPrefix(w.ingress.url, "http://")
	for name, value := range env {
		if value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	if code := cmd.ProcessState.ExitCode(); code != want {
		w.t.Errorf("fieldmarshal %s ended with code %d, want %d:\n%s", strings.Join(args, " "), code, want, out)
	}
	for _, secret := range secrets {
		if strings.Contains(string(out), secret) {
			w.t.Errorf("fieldmarshal %s prints %q", strings.Join(args, " "), secret)
		}
	}
	return string(out)
}

// tells checks that an output contains all texts.
func tells(t *testing.T, out string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(out, text) {
			t.Errorf("%q is missing in:\n%s", text, out)
		}
	}
}

func TestDecidingOnTheCommandLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.pausedForCPI(asked)
	survey := theProject.String()
	tells(t, w.run(0, "list", "--waiting-for", "approval"), survey, "$4.25")
	w.run(3, "approve", survey, "--as", eve)
	w.run(3, "approve", survey, "--as", ann, "--amount", "4.20")
	w.acceptances(0)
	w.run(0, "approve", survey, "--as", ann, "--amount", "4.25")
	if end := w.becomes(m, "Live again at $4.25"); !reads(end, "on the command line") || len(buttons(end)) != 0 {
		t.Errorf("in the end it reads, with buttons %v:\n%s", buttons(end), simulator.PlainText(end))
	}
	w.acceptances(1)
	if d := w.decided(); d.User != ann || d.From != project.FromCommand {
		t.Errorf("recorded: %+v", d)
	}

	w.delivered(w.prodege.PauseForCPI(w.ctx, theProject, newer))
	w.says(approvals, "Approve a CPI of $4.50?")
	w.run(0, "reject", survey, "--as", ben, "--note", "the client stops here")
	w.says(approvals, "the client stops here")
	tells(t, w.run(0, "state", survey), "PAUSED", "applied", "Oat milk study")
	tells(t, w.run(0, "explain", survey), "4.25", ann)
	evidence := w.run(0, "evidence", survey)
	tells(t, evidence, "the client stops here", "accepted")
	if !json.Valid([]byte(evidence)) {
		t.Errorf("the evidence is no JSON:\n%s", evidence)
	}
	tells(t, w.run(0, "list", "--status", "PAUSED"), survey)
}

// TestFurtherDecisionsOnTheCommandLine: the decisions that an expired and a failed request offer as buttons in Slack.
func TestFurtherDecisionsOnTheCommandLine(t *testing.T) {
	slow(t)
	t.Parallel()
	w := newWorld(t, with("APPROVAL_TIMEOUT", "20s"))
	w.prodege.Inject(simulator.Fault{Kind: simulator.AnswerCode, Code: "2010", Method: "project-update"})
	m := w.pausedForCPI(asked)
	survey := theProject.String()
	w.becomes(m, "Expired: nobody decided about $4.25")
	w.run(3, "approve", survey, "--as", ann)
	w.run(3, "act", survey, "ask-again", "--as", eve)
	tells(t, w.run(0, "act", survey, "ask-again", "--as", ann), "asked again on the command line")
	tells(t, w.run(0, "approve", survey, "--as", ann), "was refused")
	w.acceptances(0)
	tells(t, w.run(0, "act", survey, "try-again", "--as", ben), "Recorded: "+ben+" asked to try again")
	w.becomes(m, "Live again at $4.25")
	w.acceptances(1)
	w.run(3, "act", survey, "close", "--as", ben)
}

func TestTheKillSwitchOnTheCommandLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tells(t, w.run(0, "accepting"), "ON")
	w.run(0, "accepting", "off", "--as", ann)
	tells(t, w.run(0, "accepting"), "OFF", "Switched by "+ann)
	m := w.pausedForCPI(asked)
	w.click(ann, m, approve)
	w.becomes(m, "held back")
	w.acceptances(0)
	tells(t, w.run(3, "accepting", "on", "--as", eve), eve+" is not one of SLACK_APPROVERS")
	tells(t, w.run(0, "accepting"), "OFF", "Switched by "+ann)
	w.run(0, "accepting", "on", "--as", ben)
	tells(t, w.run(0, "accepting"), "ON", "Switched by "+ben)
	w.becomes(m, "Live again at $4.25") // the switch is checked every minute
	w.acceptances(1)
}

func TestRefusedDeliveriesAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 5 {
		e, err := w.prodege.Pause(w.ctx, theProject, prodege.SampleSize, simulator.How{Secret: "another"})
		if err != nil || e.Status() != 400 {
			t.Fatalf("answered %d, %v", e.Status(), err)
		}
	}
	w.says(alerts, "refused as bad_signature") // the first of each cause per hour raises an alarm
	out := w.run(0, "refused", "--full")
	tells(t, out, "bad_signature", "DISABLED_BY_HAS_REACHED_SAMPLE_SIZE")
	if n := w.ingress.metric("fieldmarshal_refused_deliveries_total", `cause="bad_signature"`); n != 5 {
		t.Errorf("%v are counted, want 5", n)
	}
	if n := len(w.runs()); n != 0 {
		t.Errorf("%d workflows were started", n)
	}
}

func TestTheInboxOnTheCommandLine(t *testing.T) {
	t.Parallel()
	p := newProxy(t, server.HostPort)
	w := newWorld(t, func(plan *plan) { plan.temporal = p.addr })
	e := w.delivered(w.prodege.Pause(w.ctx, theProject, prodege.SampleSize))
	tells(t, w.run(0, "inbox"), string(e.Event.ID), theProject.String())
	p.up()
	w.run(0, "inbox", "drain")
	w.project(theProject, func(s *project.State) bool { return s.Counts.Applied == 1 }, "the event")
	tells(t, w.run(0, "deadletter"), "No dead letters")
}

func TestWatchOpensAProjectByHand(t *testing.T) {
	slow(t)
	t.Parallel()
	w := newWorld(t)
	if _, err := w.prodege.PauseForCPI(w.ctx, theProject, asked, simulator.How{Quiet: true}); err != nil {
		t.Fatal(err)
	}
	w.run(0, "watch", theProject.String())
	m := w.says(approvals, "Approve a CPI of $4.25?") // found twice, a minute apart
	w.click(ann, m, approve)
	w.becomes(m, "Live again at $4.25")
	w.acceptances(1)
}

func TestTheOtherCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out := w.run(0, "send", "--project", "4711", "--status", "PAUSED", "--reason", "158", "--url", w.ingress.url, "--event-id", "by-hand-1")
	tells(t, out, "by-hand-1")
	w.project(4711, func(s *project.State) bool { return s.Counts.Applied == 1 }, "the event")
	tells(t, w.run(0, "explain", "4711", "by-hand-1"), "applied")
	w.run(0, "health", "ingress")
	w.run(0, "health", "worker")
	w.run(0, "doctor")
	w.list(`ProjectId = 4711 AND ProjectStatus = 'PAUSED'`, 1) // the worker has written the search attributes
	w.worker.stop()
	w.run(1, "health", "worker")
	tells(t, w.run(0, "state", "4711"), "PAUSED")
	w.worker.launch()
	w.worker.ready()
	w.slack.SetBotToken("xoxb-another")
	tells(t, w.run(1, "doctor"), "SLACK_BOT_TOKEN")
}

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
	ctx, cancel := context.WithTimeout(w.ctx, waitTimeout)
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

// checkContains checks that an output contains all texts.
func checkContains(t *testing.T, out string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(out, text) {
			t.Errorf("%q is missing from:\n%s", text, out)
		}
	}
}

func TestDecideOnCommandLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.pauseForCPI(amount)
	survey := theProject.String()
	checkContains(t, w.run(0, "list", "--waiting-for", "approval"), survey, "$4.25")
	w.run(3, "approve", survey, "--as", eve)
	w.run(3, "approve", survey, "--as", ann, "--amount", "4.20")
	w.checkAcceptances(0)
	w.run(0, "approve", survey, "--as", ann, "--amount", "4.25")
	if end := w.waitUpdated(m, "Live again at $4.25"); !contains(end, "on the command line") || len(buttons(end)) != 0 {
		t.Errorf("the closed request has buttons %v and text:\n%s", buttons(end), simulator.PlainText(end))
	}
	w.checkAcceptances(1)
	if d := w.onlyDecision(); d.User != ann || d.From != project.FromCommand {
		t.Errorf("recorded: %+v", d)
	}

	w.checkDelivered(w.prodege.PauseForCPI(w.ctx, theProject, higherAmount))
	w.waitRoot(approvals, "Approve a CPI of $4.50?")
	w.run(0, "reject", survey, "--as", ben, "--note", "the client stops here")
	w.waitRoot(approvals, "the client stops here")
	checkContains(t, w.run(0, "state", survey), "PAUSED", "applied", "Oat milk study")
	checkContains(t, w.run(0, "explain", survey), "4.25", ann)
	evidence := w.run(0, "evidence", survey)
	checkContains(t, evidence, "the client stops here", "accepted")
	if !json.Valid([]byte(evidence)) {
		t.Errorf("the evidence is not valid JSON:\n%s", evidence)
	}
	checkContains(t, w.run(0, "list", "--status", "PAUSED"), survey)
}

// TestFurtherDecisionsOnCommandLine makes the decisions that an expired and a failed request offer as buttons in Slack.
func TestFurtherDecisionsOnCommandLine(t *testing.T) {
	skipIfShort(t)
	t.Parallel()
	w := newWorld(t, with("APPROVAL_TIMEOUT", "20s"))
	w.prodege.Inject(simulator.Fault{Kind: simulator.AnswerCode, Code: "2010", Method: "project-update"})
	m := w.pauseForCPI(amount)
	survey := theProject.String()
	w.waitUpdated(m, "Expired: nobody decided about $4.25")
	w.run(3, "approve", survey, "--as", ann)
	w.run(3, "act", survey, "ask-again", "--as", eve)
	checkContains(t, w.run(0, "act", survey, "ask-again", "--as", ann), "asked again on the command line")
	checkContains(t, w.run(0, "approve", survey, "--as", ann), "was refused")
	w.checkAcceptances(0)
	checkContains(t, w.run(0, "act", survey, "try-again", "--as", ben), "Recorded: "+ben+" asked to try again")
	w.waitUpdated(m, "Live again at $4.25")
	w.checkAcceptances(1)
	w.run(3, "act", survey, "close", "--as", ben)
}

func TestKillSwitchOnCommandLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	checkContains(t, w.run(0, "accepting"), "ON")
	w.run(0, "accepting", "off", "--as", ann)
	checkContains(t, w.run(0, "accepting"), "OFF", "by "+ann)
	m := w.pauseForCPI(amount)
	w.click(ann, m, approve)
	w.waitUpdated(m, "held back")
	w.checkAcceptances(0)
	checkContains(t, w.run(3, "accepting", "on", "--as", eve), eve+" is not one of SLACK_APPROVERS")
	checkContains(t, w.run(0, "accepting"), "OFF", "by "+ann)
	w.run(0, "accepting", "on", "--as", ben)
	checkContains(t, w.run(0, "accepting"), "ON", "by "+ben)
	w.waitUpdated(m, "Live again at $4.25") // the switch is checked every minute
	w.checkAcceptances(1)
}

func TestRefusedDeliveriesAreReported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 5 {
		e, err := w.prodege.Pause(w.ctx, theProject, prodege.SampleSize, simulator.How{Secret: "another"})
		if err != nil || e.Status() != 400 {
			t.Fatalf("answered %d, %v", e.Status(), err)
		}
	}
	w.waitRoot(alerts, "refused as bad_signature") // the first of each cause per hour raises an alarm
	out := w.run(0, "refused", "--full")
	checkContains(t, out, "bad_signature", "DISABLED_BY_HAS_REACHED_SAMPLE_SIZE")
	if n := w.ingress.metric("fieldmarshal_refused_deliveries_total", `cause="bad_signature"`); n != 5 {
		t.Errorf("%v refused deliveries counted, want 5", n)
	}
	if n := len(w.runs()); n != 0 {
		t.Errorf("%d workflows were started", n)
	}
}

func TestInboxOnCommandLine(t *testing.T) {
	t.Parallel()
	p := newProxy(t, server.HostPort)
	w := newWorld(t, func(plan *plan) { plan.temporal = p.addr })
	e := w.checkDelivered(w.prodege.Pause(w.ctx, theProject, prodege.SampleSize))
	checkContains(t, w.run(0, "inbox"), string(e.Event.ID), theProject.String())
	p.up()
	w.run(0, "inbox", "drain")
	w.waitProject(theProject, func(s *project.State) bool { return s.Counts.Applied == 1 }, "the event")
	checkContains(t, w.run(0, "deadletter"), "No dead letters")
}

func TestWatchCommand(t *testing.T) {
	skipIfShort(t)
	t.Parallel()
	w := newWorld(t)
	if _, err := w.prodege.PauseForCPI(w.ctx, theProject, amount, simulator.How{Quiet: true}); err != nil {
		t.Fatal(err)
	}
	w.run(0, "watch", theProject.String())
	m := w.waitRoot(approvals, "Approve a CPI of $4.25?") // after two polls, a minute apart
	w.click(ann, m, approve)
	w.waitUpdated(m, "Live again at $4.25")
	w.checkAcceptances(1)
}

func TestOtherCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out := w.run(0, "send", "--project", "4711", "--status", "PAUSED", "--reason", "158", "--url", w.ingress.url, "--event-id", "by-hand-1")
	checkContains(t, out, "by-hand-1")
	w.waitProject(4711, func(s *project.State) bool { return s.Counts.Applied == 1 }, "the event")
	checkContains(t, w.run(0, "explain", "4711", "by-hand-1"), "applied")
	w.run(0, "health", "ingress")
	w.run(0, "health", "worker")
	w.run(0, "doctor")
	w.list(`ProjectId = 4711 AND ProjectStatus = 'PAUSED'`, 1) // the worker has written the search attributes
	w.worker.stop()
	w.run(1, "health", "worker")
	checkContains(t, w.run(0, "state", "4711"), "PAUSED")
	w.worker.launch()
	w.worker.waitReady()
	w.slack.Set(func(o *simulator.SlackOptions) { o.BotToken = "xoxb-another" })
	checkContains(t, w.run(1, "doctor"), "SLACK_BOT_TOKEN")
}

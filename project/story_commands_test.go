package project_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// runLine runs one line of a story and returns its effects.
func (w *world) runLine(t *testing.T, d *datadriven.TestData) string {
	w.t, w.lines, w.lastLine, w.repeats = t, nil, "", 0
	func() {
		defer func() {
			if fault := recover(); fault != nil {
				t.Fatalf("%s: %s: %v", d.Pos, d.Cmd, fault)
			}
		}()
		w.command(d)
	}()
	w.flush()
	if status := w.status(); status != w.lastStatus {
		w.lastStatus = status
		w.lines = append(w.lines, status)
	}
	if len(w.lines) == 0 {
		return "(no effect)"
	}
	return strings.Join(w.lines, "\n")
}

func (w *world) command(d *datadriven.TestData) {
	a := parseArgs(d.CmdArgs)
	switch d.Cmd {
	case "together": // its lines reach the project in one turn
		for line := range strings.Lines(d.Input) {
			cmd, parsed, err := datadriven.ParseLine(line)
			if err != nil || cmd != "event" && cmd != "click" && cmd != "cancel" {
				w.t.Fatalf("%s: only events, clicks and a cancel can come together: %q", d.Pos, line)
			}
			w.queue(cmd, parseArgs(parsed))
		}
		w.settle()
	case "event", "click":
		w.queue(d.Cmd, a)
		w.settle()
	case "at": // the story begins then, or time passes until then
		at := w.parseTime(a.word(0))
		if w.s.Counts.Received == 0 && w.lives == 1 {
			w.now, w.day = at, at
			return
		}
		w.advance(at)
	case "pass":
		w.advance(w.now.Add(parseDuration(a.word(0))))
	case "settings":
		w.changeSettings(a)
		w.settle()
	case "slack":
		w.slack.behaviour, w.slack.only = a.behaviour(), a.value("in")
		if key := a.value("deletes"); key != "" {
			w.deleteMessage(key)
		}
	case "prodege":
		w.changeProdege(a)
	case "billing":
		w.billing = a.behaviour()
	case "list":
		w.approverList = a.behaviour()
		if users, ok := a.lookup("approvers"); ok {
			w.approvers = strings.Fields(users)
		}
	case "earlier-lives":
		w.earlierRuns = a.behaviour()
	case "answer": // held tasks end now
		for _, f := range w.tasks {
			if f.due.IsZero() {
				f.due, f.behaviour.mode = w.now, a.word(0)
			}
		}
		w.settle()
	case "switch": // the kill switch
		w.accepting = a.word(0) == "on"
		if w.accepting {
			w.turn.Decisions = append(w.turn.Decisions, project.Decision{ID: "switch", Verdict: project.Resume})
		}
		w.settle()
	case "cancel": // the workflow is cancelled in Temporal
		w.turn.Cancelled = true
		w.settle()
	case "continue-as-new":
		w.continueAsNew()
	case "see":
		w.listMessages()
	case "counts":
		c := w.s.Counts
		w.lines = append(w.lines, fmt.Sprintf("received %d = applied %d + duplicate %d + late %d + unusable %d", c.Received, c.Applied, c.Duplicate, c.Late, c.Unusable))
		if c.Received != c.Applied+c.Duplicate+c.Late+c.Unusable {
			w.t.Fatal("the dispositions do not add up")
		}
	default:
		w.t.Fatalf("%s: unknown command: %s", d.Pos, d.Cmd)
	}
	a.checkUnused(w.t, d)
}

func (w *world) queue(cmd string, a *arguments) {
	switch cmd {
	case "click":
		w.turn.Decisions = append(w.turn.Decisions, w.click(a))
		return
	case "cancel":
		w.turn.Cancelled = true
		return
	}
	e := w.event(a)
	if text := a.value("times"); text != "" { // that many events, with increasing ids
		rising := a.flag("rising") // with increasing reasons
		for i := range must(strconv.Atoi(text)) {
			one := e
			if rising {
				one.Reason += prodege.Reason(i)
			}
			one.ID = prodege.EventID(fmt.Sprintf("%s-%04d", e.ID, i+1))
			one.Delivery = fmt.Sprintf("%s-%04d", e.Delivery, i+1)
			w.turn.Events = append(w.turn.Events, one)
		}
		return
	}
	w.turn.Events = append(w.turn.Events, e)
}

// event returns an event as the ingress delivers it. Prodege's API agrees with it from then on, unless it is older than
// another event or flagged unlike-api.
func (w *world) event(a *arguments) prodege.Event {
	w.nextEvent++
	e := prodege.Event{ID: prodege.EventID(fmt.Sprintf("e%d", w.nextEvent)), Time: w.now, ProjectID: w.id, Received: w.now,
		Status: prodege.Status(a.word(0)), Delivery: fmt.Sprintf("delivery-%d", w.nextEvent)}
	if reason := a.number(1); reason != "" {
		e.Reason = prodege.Reason(must(strconv.Atoi(reason)))
	}
	if id, ok := a.lookup("id"); ok {
		e.ID = prodege.EventID(id)
	}
	if at := a.value("time"); at != "" {
		e.Time = w.parseTime(at)
	}
	if cpi := a.value("cpi"); cpi != "" {
		e.RequiredCPI = usd(cpi)
	}
	if other := a.value("project"); other != "" {
		e.ProjectID = must(prodege.ParseProjectID(other))
	}
	e.RequiredCPIText, e.Description = a.value("cpi-text"), a.value("description")
	e.RejectionNote, e.ReconciliationNote, e.Vouched = a.value("rejection"), a.value("note"), a.value("vouched")
	e.Source, e.Delivery = prodege.Source(a.value("source")), cmp.Or(a.value("delivery"), e.Delivery)
	e.Future = a.flag("future")
	if !a.flag("unlike-api") && !e.Time.Before(w.s.Newest.At) && e.ProjectID == w.id && e.Source == prodege.FromWebhook {
		i := &w.prodege.info
		i.Status, i.PausedForCPI, i.RequiredCPI, i.PausedClicks = e.Status, e.AsksCPI(), e.RequiredCPI, e.Reason == prodege.MaxClicks
	}
	return e
}

// clicks maps the words for clicks to the button and the decision.
var clicks = map[string]struct {
	button  string
	of      project.QuestionKind
	verdict project.Verdict
	action  prodege.ActionID
}{
	"approve":          {"Approve", project.OfCPI, project.Approve, ""},
	"approve-up-to":    {"Approve up to", project.OfCPI, project.Approve, ""},
	"reject":           {"Reject", project.OfCPI, project.Reject, ""},
	"ask-again":        {"Ask again", project.OfCPI, project.AskAgain, ""},
	"close":            {"Close", project.OfCPI, project.Close, ""},
	"try-again":        {"Try again", project.OfCPI, project.TryAgain, ""},
	"action-again":     {"Try again", project.OfAction, project.TryAgain, ""},
	"allow-clicks":     {"Allow more clicks", project.OfAction, project.ChooseAction, prodege.ActClicks},
	"set-live":         {"Set live", project.OfAction, project.ChooseAction, prodege.ActLive},
	"raise-sample":     {"Raise sample size", project.OfAction, project.ChooseAction, prodege.ActSample},
	"complete":         {"Complete project", project.OfAction, project.ChooseAction, prodege.ActComplete},
	"mark-as-invoiced": {"Mark as invoiced", project.OfInvoice, project.MarkInvoiced, ""},
	"invoice-again":    {"Try again", project.OfInvoice, project.TryAgain, ""},
	"send-now":         {"Send now", project.OfInvoice, project.SendInvoice, ""},
}

// click returns a click on the newest message of its kind. The message must have the button unless the click is flagged
// stale, which means that the message has changed since.
func (w *world) click(a *arguments) project.Decision {
	w.nextClick++
	user, what := a.word(0), a.word(1)
	c, known := clicks[what]
	if !known {
		w.t.Fatalf("unknown click: %q", what)
	}
	d := project.Decision{ID: cmp.Or(a.value("id"), fmt.Sprintf("click%d", w.nextClick)), Of: c.of, Verdict: c.verdict, Action: c.action,
		User: user, From: project.FromSlack, At: w.now, Reason: a.value("reason")}
	m := w.slack.find(func(m *slackMessage) bool {
		return m.thread == "" && (m.card.Request != nil && c.of == project.OfCPI || m.card.Pause != nil && c.of == project.OfAction ||
			m.card.Invoice != nil && m.card.Invoice.Phase != project.InvoiceMissing && c.of == project.OfInvoice)
	})
	stale := a.flag("stale")
	if m == nil || !stale && (m.plain || !slices.ContainsFunc(buttons(m.card), func(b string) bool { return b == c.button || strings.HasPrefix(b, c.button+" $") })) {
		w.t.Fatalf("%s clicks %q, but there is no such button", user, c.button)
	}
	d.Channel = m.channel
	switch card := m.card; {
	case card.Request != nil:
		d.Request, d.Generation, d.Amount = card.Request.ID, card.Request.Generation, card.Request.Required
		if n := len(card.Request.Decisions); what == "approve" && card.Request.Phase == project.PhaseSecond && n > 0 {
			if first := card.Request.Decisions[n-1].Amount; d.Amount == nil || !first.Equal(*d.Amount) {
				d.UpTo, d.Second = first, true
			}
		}
	case card.Pause != nil && card.Pause.Action != nil:
		d.Request, d.Generation = card.Pause.Action.ID, card.Pause.Action.Generation
	case card.Invoice != nil:
		d.Revision = card.Invoice.Revision
	}
	switch value := a.number(2); {
	case value == "":
	case c.of == project.OfAction:
		d.Number = int64(must(strconv.Atoi(value)))
	case what == "approve-up-to":
		d.UpTo = usd(value)
	default:
		d.Amount = usd(value)
	}
	if text := a.value("generation"); text != "" {
		d.Generation = must(strconv.Atoi(text))
	}
	if text := a.value("request"); text != "" {
		d.Request = prodege.EventID(text)
	}
	if a.flag("by-command") {
		d.Channel, d.From = "", project.FromCommand
	}
	return d
}

// changeSettings changes settings.
func (w *world) changeSettings(a *arguments) {
	s := &w.settings
	amount := func(name string, to **prodege.USD) {
		if text, ok := a.lookup(name); ok {
			*to = nil
			if text != "none" {
				*to = usd(text)
			}
		}
	}
	span := func(name string, to *time.Duration) {
		if text := a.value(name); text != "" {
			*to = parseDuration(text)
		}
	}
	onOff := func(name string, to *bool) {
		if text := a.value(name); text != "" {
			*to = text == "on"
		}
	}
	amount("ceiling", &s.Ceiling)
	amount("second", &s.SecondApproverAbove)
	amount("auto", &s.AutoApproveUpTo)
	span("timeout", &s.ApprovalTimeout)
	span("remind", &s.ApprovalReminderEvery)
	span("resume", &s.ResumeTimeout)
	span("poll", &s.PollEvery)
	span("linger", &s.ProjectLinger)
	onOff("dry-run", &s.DryRun)
	onOff("api-key", &s.HasAPIKey)
	onOff("billing", &s.HasBilling)
	onOff("actions", &s.AlertActions)
	onOff("anyone", &s.Anyone)
	if hours, ok := a.lookup("hours"); ok {
		s.ApprovalHours = hours
	}
	if ui, ok := a.lookup("ui"); ok {
		s.TemporalUIURL = ui
	}
	if who, ok := a.lookup("escalation"); ok {
		s.Escalation = strings.Fields(who)
	}
}

// changeProdege changes the project at Prodege, and how its API responds.
func (w *world) changeProdege(a *arguments) {
	i := &w.prodege.info
	amount := func(name string, to **prodege.USD) {
		if text, ok := a.lookup(name); ok {
			*to = nil
			if text != "none" {
				*to = usd(text)
			}
		}
	}
	amount("cpi", &i.CPI)
	amount("max", &i.MaxCPI)
	amount("requires", &i.RequiredCPI)
	if status := a.value("status"); status != "" {
		i.Status = prodege.Status(status)
		i.PausedForCPI, i.PausedClicks = a.flag("for-cpi"), a.flag("for-clicks")
	}
	if n := a.value("wanted"); n != "" {
		i.SampleSize = int64(must(strconv.Atoi(n)))
	}
	if n := a.value("completes"); n != "" {
		w.prodege.completes = int64(must(strconv.Atoi(n)))
	}
	if how := a.value("reads"); how != "" {
		w.prodege.reads = a.behaviourOf(how)
	}
	if how := a.value("acts"); how != "" {
		w.prodege.acts = a.behaviourOf(how)
	}
}

// deleteMessage deletes the newest root message whose title begins with a word.
func (w *world) deleteMessage(what string) {
	m := w.slack.find(func(m *slackMessage) bool { return m.thread == "" && strings.HasPrefix(cardTitle(m.card), what) })
	if m == nil {
		w.t.Fatalf("there is no %s in Slack", what)
	}
	m.deleted = true
}

// listMessages lists the messages in Slack.
func (w *world) listMessages() {
	for _, m := range w.slack.messages {
		if m.deleted {
			continue
		}
		text := m.channel + " " + w.cardWords(m.card)
		if m.thread != "" {
			text = "  └ " + w.cardWords(m.card)
		}
		if m.plain {
			text += " (as text, without buttons)"
		}
		w.lines = append(w.lines, text)
	}
}

// parseTime parses a time in RFC 3339, a time of the current day, or an offset from the current time.
func (w *world) parseTime(text string) time.Time {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at
	}
	if strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-") {
		d := parseDuration(text[1:])
		if text[0] == '-' {
			d = -d
		}
		return w.now.Add(d)
	}
	at := must(time.Parse("15:04:05", text))
	return time.Date(w.now.Year(), w.now.Month(), w.now.Day(), at.Hour(), at.Minute(), at.Second(), 0, time.UTC)
}

// parseDuration is time.ParseDuration with days.
func parseDuration(text string) time.Duration {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		return time.Duration(must(strconv.Atoi(days))) * 24 * time.Hour
	}
	return must(time.ParseDuration(text))
}

// arguments are the arguments of one line of a story. It is an error if one is not used.
type arguments struct {
	words  []string
	values map[string]string
	used   map[string]bool
}

func parseArgs(list []datadriven.CmdArg) *arguments {
	a := &arguments{values: map[string]string{}, used: map[string]bool{}}
	for _, arg := range list {
		if len(arg.Vals) == 0 {
			a.words = append(a.words, arg.Key)
		} else {
			a.values[arg.Key] = strings.Join(arg.Vals, ", ")
		}
	}
	return a
}

func (a *arguments) word(n int) string {
	if n >= len(a.words) {
		return ""
	}
	a.used[a.words[n]] = true
	return a.words[n]
}

// number returns the nth word if it is a number, without a dollar sign, or "".
func (a *arguments) number(n int) string {
	if n >= len(a.words) || strings.Trim(a.words[n], "$.0123456789") != "" {
		return ""
	}
	return strings.TrimPrefix(a.word(n), "$")
}

func (a *arguments) flag(name string) bool {
	a.used[name] = true
	return slices.Contains(a.words, name)
}

func (a *arguments) lookup(name string) (string, bool) {
	a.used[name] = true
	v, ok := a.values[name]
	return v, ok
}

func (a *arguments) value(name string) string {
	v, _ := a.lookup(name)
	return v
}

// behaviour parses how a counterparty responds from now on: "away", "429 10s", "slow 5s", "lost times=1", "fine".
func (a *arguments) behaviour() behaviour {
	b := behaviour{mode: a.word(0), arg: a.word(1)}
	if n := a.value("times"); n != "" {
		b.times = must(strconv.Atoi(n))
	}
	return b.validated()
}

// behaviourOf parses a behaviour from a value: "away", "refuses/2014", "slow/5s".
func (a *arguments) behaviourOf(text string) behaviour {
	var b behaviour
	b.mode, b.arg, _ = strings.Cut(text, "/")
	if n := a.value("times"); n != "" {
		b.times = must(strconv.Atoi(n))
	}
	return b.validated()
}

func (b behaviour) validated() behaviour {
	switch b.mode {
	case "fine":
		return behaviour{}
	case "slow":
		return behaviour{delay: parseDuration(b.arg), times: b.times}
	case "", "away", "429", "refuses", "queued", "lost", "plain", "held", "found", "fails", "ineffective", "200", "409", "500", "503", "html", "no", "422", "400":
		return b
	}
	panic("unknown behaviour: " + b.mode)
}

func (a *arguments) checkUnused(t *testing.T, d *datadriven.TestData) {
	for _, word := range a.words {
		if !a.used[word] {
			t.Fatalf("%s: unknown argument %q", d.Pos, word)
		}
	}
	for name := range a.values {
		if !a.used[name] {
			t.Fatalf("%s: unknown argument %q", d.Pos, name)
		}
	}
}

package cards

import (
	"bytes"
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// maxSum is what all blocks together may have, as JSON, to stay clear of msg_blocks_too_long.
const maxSum = 13000

// checkMessage fails where Slack would refuse a message, or where it could ping or mislead.
func checkMessage(t *testing.T, m Message) {
	t.Helper()
	if m.Text == "" || size(m.Text) > 3000 || strings.Contains(m.Text, "\n") {
		t.Errorf("fallback text has %d characters: %q", size(m.Text), m.Text)
	}
	checkMarkup(t, m.Text)
	if n := len(m.Blocks); n == 0 || n > 50 {
		t.Errorf("%d blocks", n)
	}
	for _, b := range m.Blocks {
		checkBlock(t, b)
	}
	if sum := jsonSize(t, m.Blocks); sum > maxSum {
		t.Errorf("%d characters in all blocks, Slack takes about %d", sum, maxSum)
	}
}

func jsonSize(t *testing.T, blocks []slack.Block) int {
	t.Helper()
	var compact bytes.Buffer
	if err := json.Compact(&compact, encode(t, blocks)); err != nil {
		t.Fatal(err)
	}
	return size(compact.String())
}

func checkBlock(t *testing.T, b slack.Block) {
	t.Helper()
	switch b := b.(type) {
	case *slack.HeaderBlock:
		checkText(t, b.Text, 150)
	case *slack.SectionBlock:
		if b.Text == nil && len(b.Fields) == 0 || len(b.Fields) > 10 {
			t.Errorf("section with %d fields", len(b.Fields))
		}
		if b.Text != nil {
			checkText(t, b.Text, 3000)
		}
		for _, f := range b.Fields {
			checkText(t, f, 2000)
		}
	case *slack.ContextBlock:
		if n := len(b.ContextElements.Elements); n == 0 || n > 10 {
			t.Errorf("context with %d elements", n)
		}
		for _, e := range b.ContextElements.Elements {
			checkText(t, e.(*slack.TextBlockObject), 3000)
		}
	case *slack.ActionBlock:
		if n := len(b.Elements.ElementSet); n == 0 || n > 25 {
			t.Errorf("%d buttons", n)
		}
		seen := map[string]bool{}
		for _, e := range b.Elements.ElementSet {
			button := e.(*slack.ButtonBlockElement)
			checkText(t, button.Text, 75)
			if len(button.Value) > 2000 || seen[button.ActionID] || button.ActionID == "" {
				t.Errorf("button %q twice, or its value too long: %q", button.ActionID, button.Value)
			}
			seen[button.ActionID] = true
			if _, err := DecodeButton(button.Value); err != nil {
				t.Errorf("button %q: %v", button.ActionID, err)
			}
		}
	default:
		t.Errorf("unexpected block %T", b)
	}
}

func checkText(t *testing.T, text *slack.TextBlockObject, max int) {
	t.Helper()
	if err := text.Validate(); err != nil {
		t.Errorf("%v: %q", err, text.Text)
	}
	if n := size(text.Text); n > max {
		t.Errorf("%d characters where %d fit: %.80q", n, max, text.Text)
	}
	if text.Type == slack.MarkdownType {
		if !text.Verbatim {
			t.Errorf("addresses in it become links: %.80q", text.Text)
		}
		checkMarkup(t, text.Text)
	} else if strings.ContainsAny(text.Text, "<>") {
		t.Errorf("markup in plain text: %q", text.Text)
	}
}

// ours are the only <…> forms that a message may hold; mentions only of the ids that the tests set.
var ours = regexp.MustCompile(`<@U0[A-Z]+>|<#C0[A-Z]+>|<!subteam\^S0[A-Z]+>|<!date\^\d+\^[^<>|]+\|[^<>|]+>|<https?://[^<>|\s]+\|[A-Za-z ]+>`)

var entity = regexp.MustCompile(`&(amp|lt|gt);`)

func checkMarkup(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("invalid UTF-8: %q", text)
	}
	if strings.ContainsFunc(text, func(r rune) bool {
		return r < ' ' && r != '\n' || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
	}) {
		t.Errorf("control characters or bidi overrides: %q", text)
	}
	for line := range strings.Lines(ours.ReplaceAllString(text, "")) {
		if strings.ContainsAny(strings.TrimPrefix(line, "> "), "<>") {
			t.Errorf("markup that is none of ours: %q", line)
		}
	}
	if strings.Contains(entity.ReplaceAllString(text, ""), "&") {
		t.Errorf("a bare or broken entity: %q", text)
	}
}

func TestLimitsOfOrdinaryMessages(t *testing.T) {
	for name, card := range facts() {
		t.Run(name, func(t *testing.T) { checkMessage(t, Render(card)) })
	}
}

// spoil puts the same text wherever a card takes text from outside, and huge numbers elsewhere.
func spoil(c project.Card, text string) project.Card {
	huge := usd("999999999.123456")
	id := text
	if slackID(id, "UWS") {
		id = "no id " + id // a true id is a mention, and rightly so
	}
	f := project.Frame{Project: project.Name{ID: math.MaxInt64, Name: text, PONumber: text}, UI: "https://example.com/" + text, Simulated: true}
	e := prodege.Event{ID: prodege.EventID(text), ProjectID: math.MaxInt64, Status: prodege.Status(text), Reason: math.MinInt, Description: text,
		RejectionNote: text, ReconciliationNote: text, RequiredCPIText: text, TimeGuessed: true, Truncated: true, Source: prodege.FromSweep}
	for range 30 {
		e.Unknown = append(e.Unknown, prodege.Field{Name: text, Value: text})
	}
	d := project.Decided{Verdict: project.Verdict(text), User: id, Amount: huge, Reason: text, At: time.Unix(math.MaxInt32*1000, 0), From: project.FromCommand, DryRun: true}
	many := slices.Repeat([]project.Decided{d}, 200)
	refusal := &project.Refusal{Party: text, Codes: []int{math.MaxInt, math.MinInt, 1, 2, 3, 4, 5, 6}, Text: text}
	ids := []string{id, "U0ANN"}
	for range 50 {
		ids = append(ids, "U0"+strings.Repeat("A", 60))
	}
	switch {
	case c.Digest != nil:
		d := project.Digest{More: math.MaxInt32, UI: f.UI, Simulated: true}
		for range 200 {
			d.Items = append(d.Items, project.DigestItem{Project: f.Project, Reason: math.MinInt, Description: text, Since: time.Unix(math.MaxInt32*1000, 0), UI: f.UI,
				End: &project.End{At: time.Unix(-math.MaxInt32*1000, 0), Status: prodege.Status(text), Reason: math.MaxInt}})
		}
		return project.Card{Digest: &d}
	case c.Report != nil:
		r := *c.Report
		r.UI, r.Simulated, r.Unread = f.UI, true, math.MaxInt32
		for range 200 {
			r.Rows = append(r.Rows, project.ReportRow{Reason: math.MinInt, Description: text, Pauses: math.MaxInt32, ToDecision: math.MaxInt64, ToLive: math.MaxInt64,
				Still: math.MaxInt64, Approved: *huge, Refused: *huge, Unpriced: math.MaxInt32, Decided: math.MaxInt32, Live: math.MaxInt32})
		}
		r.All = r.Rows[len(r.Rows)-1]
		r.Before = &r.All
		return project.Card{Report: &r}
	case c.Pause != nil:
		p := *c.Pause
		p.Frame, p.Event, p.Times, p.Request = f, e, math.MaxInt, f.UI
		if p.Moved != nil {
			p.Moved = &e
		}
		if p.Action != nil {
			a := *p.Action
			a.Decisions, a.Refusal, a.EndStatus, a.DryRun = lastFew(many, a.Decisions), refusal, prodege.Status(text), true
			a.Figures = &project.Figures{CPI: huge, Completes: math.MaxInt64, Wanted: math.MaxInt64, ClickCap: math.MaxInt64, ClicksLeft: math.MaxInt64, Refill: math.MaxInt32, Clicks: len(text)%2 == 0}
			p.Action = &a
		}
		if p.End != nil {
			p.End = &project.End{At: time.Unix(-math.MaxInt32*1000, 0), Status: prodege.Status(text), Reason: math.MaxInt, Decided: time.Unix(math.MaxInt32*1000, 0), By: id}
		}
		return project.Card{Pause: &p}
	case c.Rejection != nil:
		r := project.RejectionFacts{Frame: f, Event: e, Late: true}
		if c.Rejection.End != nil {
			r.Since, r.End = time.Unix(math.MaxInt32*1000, 0), &project.End{At: time.Unix(-math.MaxInt32*1000, 0), Status: prodege.Status(text), Reason: math.MaxInt}
		}
		return project.Card{Rejection: &r}
	case c.Request != nil:
		r := *c.Request
		r.Frame, r.Generation, r.Previous = f, math.MaxInt, huge
		if r.Required != nil {
			r.Required = huge
		}
		r.Numbers = &project.Numbers{CPI: usd("0"), AvgCPI: huge, MaxCPI: usd("0.000001"), Completes: 1, Wanted: math.MaxInt64, BidIR: text, ActualIR: text, BidLOI: text, ActualLOI: text}
		r.Decisions, r.Earlier, r.Refusal, r.Other, r.Sent = many, many, refusal, &e, huge
		r.EndStatus, r.Alert, r.SecondAbove, r.NoAPIKey, r.DryRun = prodege.Status(text), f.UI, usd("1"), true, true
		return project.Card{Request: &r}
	case c.Invoice != nil:
		i := *c.Invoice
		i.Frame, i.Key, i.Revision, i.Reason, i.Description, i.Note = f, text, math.MaxInt, math.MaxInt, text, text
		i.CPI, i.Completes, i.Refusal, i.By = huge, math.MaxInt64, refusal, id
		return project.Card{Invoice: &i}
	case c.Note != nil:
		n := *c.Note
		n.Frame, n.Event, n.Times, n.Amount, n.Previous, n.Mention, n.Link, n.Late = f, &e, math.MaxInt, huge, huge, ids, f.UI, true
		if n.Decision != nil {
			n.Decision, n.Refusal = &project.Decided{Verdict: d.Verdict, User: id, Amount: huge, Action: n.Decision.Action + prodege.ActionID(text), Number: math.MaxInt64}, refusal
		}
		return project.Card{Note: &n}
	}
	a := *c.Answer
	a.Project, a.Amount, a.Decision, a.Phase = f.Project, huge, &d, project.Phase(text)
	return project.Card{Answer: &a}
}

// lastFew is what a workflow hands over at most, of spoilt decisions and the one that says what is done.
func lastFew(spoilt, said []project.Decided) []project.Decided { return append(spoilt[:4:4], said...) }

func TestLimitsOfAbsurdMessages(t *testing.T) {
	texts := map[string]string{
		"long": strings.Repeat("x", 5000), "wide": strings.Repeat("🌶", 5000), "entities": strings.Repeat("&", 5000), "lines": strings.Repeat("&\n", 5000),
		"pings":   "<!channel> <!here> <@U1> <!subteam^S1> <https://evil.example|Approve> @channel @here",
		"broken":  "a\xff\xfe\xc3" + strings.Repeat("\xf0\x9f", 1500),
		"control": "a\x00\x07\x1b[31m\u202etxet\u202c\u2066x\u2069\u200f\ufeff\r\n\t\v\u2028z",
		"markup":  "*_~`> ```", "empty": "", "space": " \n ",
	}
	for name, card := range facts() {
		for kind, text := range texts {
			t.Run(name+"/"+kind, func(t *testing.T) { checkMessage(t, Render(spoil(card, text))) })
		}
	}
	for _, state := range []string{"", "nonsense", "<!here>"} {
		for _, card := range []project.Card{
			requestCard(project.Phase(state), nil), invoiceCard(project.InvoicePhase(state), nil), noteCard(project.NoteKind("n"+state), nil), answerCard(project.AnswerKind(state), nil),
		} {
			t.Run("state "+state, func(t *testing.T) { checkMessage(t, Render(card)) })
		}
	}
}

// TestPingsNobody: what comes from outside is shown as it is, and nobody is notified.
func TestPingsNobody(t *testing.T) {
	c := spoil(facts()["pause-158"], "<!channel> & <@U1>")
	shown := string(encode(t, Render(c)))
	for _, bad := range []string{"<!channel>", "<@U1>"} {
		if strings.Contains(shown, bad) {
			t.Errorf("%s stands in %s", bad, shown)
		}
	}
	if !strings.Contains(shown, "&lt;!channel&gt; &amp; &lt;@U1&gt;") {
		t.Errorf("the name is not shown as it came: %s", shown)
	}
}

func TestEmptyCardHasNoMessage(t *testing.T) {
	if m := Render(project.Card{}); m.Text != "" || m.Blocks != nil {
		t.Errorf("got %+v", m)
	}
}

// FuzzRender puts any text into any message. Minimising large inputs takes long: run it with -fuzzminimizetime=10x.
func FuzzRender(f *testing.F) {
	all := facts()
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	f.Add(uint16(0), "<!channel>")
	f.Add(uint16(121), "C0") // a person with the id of a channel
	f.Add(uint16(78), "* *") // bold that is empty
	f.Add(uint16(40), "a\xff\u202e&<@U1>\n> x")
	f.Add(uint16(80), strings.Repeat("🌶&", 3000))
	f.Fuzz(func(t *testing.T, which uint16, text string) {
		checkMessage(t, Render(spoil(all[names[int(which)%len(names)]], text)))
	})
}

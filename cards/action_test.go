package cards

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

func actionCard(reason prodege.Reason, phase project.Phase, change func(*project.PauseFacts)) project.Card {
	e := event(prodege.Paused, reason, "")
	p := project.PauseFacts{Frame: frame(), Event: e, Since: paused, Times: 1, Action: &project.ActionFacts{
		ID: "644b075404443f2a3c77c7cb", Generation: 1, Reason: e.ActionReason(), Offers: e.Actions(), Phase: phase, PhaseAt: live,
		Figures: &project.Figures{CPI: usd("3.90"), Completes: 1000, Wanted: 1000},
	}}
	if phase != project.PhaseOpen {
		p.Action.Decisions = []project.Decided{{Verdict: project.ChooseAction, Action: prodege.ActSample, Number: 1200, User: "U0ANN", At: decided, From: project.FromSlack}}
	}
	if change != nil {
		change(&p)
	}
	return project.Card{Pause: &p}
}

func did(id prodege.ActionID, note string) func(*project.PauseFacts) {
	return func(p *project.PauseFacts) {
		p.Action.Decisions = []project.Decided{{Verdict: project.ChooseAction, Action: id, User: "U0ANN", Reason: note, At: decided, From: project.FromSlack}}
	}
}

func actingFacts() map[string]project.Card {
	all := map[string]project.Card{
		"pause-act-113-open": actionCard(prodege.MaxClicks, project.PhaseOpen, func(p *project.PauseFacts) {
			p.Action.Figures = &project.Figures{Clicks: true, ClickCap: 2000, Refill: prodege.RefillDay}
		}),
		"pause-act-156-open":    actionCard(prodege.NoUniqueLinks, project.PhaseOpen, func(p *project.PauseFacts) { p.Action.Figures, p.Action.Anyone = nil, true }),
		"pause-act-158-open":    actionCard(prodege.SampleSize, project.PhaseOpen, nil),
		"pause-act-158-dry-run": actionCard(prodege.SampleSize, project.PhaseOpen, func(p *project.PauseFacts) { p.Action.DryRun = true }),
		"pause-act-207-open":    actionCard(prodege.PausedInactive, project.PhaseOpen, func(p *project.PauseFacts) { p.Action.Figures = nil }),
		"pause-act-nobody":      actionCard(prodege.SampleSize, project.PhaseOpen, func(p *project.PauseFacts) { p.Action.Nobody = true }),
		"pause-act-refused-ours": actionCard(prodege.SampleSize, project.PhaseRefused, func(p *project.PauseFacts) {
			p.Action.Refusal = &project.Refusal{Party: project.PartyUs, Text: "1,200 is not more than the sample size of now"}
		}),
		"pause-act-approved":          actionCard(prodege.SampleSize, project.PhaseApproved, nil),
		"pause-act-held":              actionCard(prodege.SampleSize, project.PhaseHeld, nil),
		"pause-act-accepted":          actionCard(prodege.SampleSize, project.PhaseAccepted, nil),
		"pause-act-completing":        actionCard(prodege.PausedInactive, project.PhaseAccepted, did(prodege.ActComplete, "")),
		"pause-act-still":             actionCard(prodege.NoUniqueLinks, project.PhaseStill, did(prodege.ActLive, "200 links added")),
		"pause-act-dryrun":            actionCard(prodege.SampleSize, project.PhaseDryRun, func(p *project.PauseFacts) { p.Action.Decisions[0].DryRun, p.Action.DryRun = true, true }),
		"pause-act-byhand":            actionCard(prodege.SampleSize, project.PhaseByHand, nil),
		"pause-act-elsewhere":         actionCard(prodege.SampleSize, project.PhaseElsewhere, func(p *project.PauseFacts) { p.Action.Decisions = nil }),
		"pause-act-cancelled":         actionCard(prodege.SampleSize, project.PhaseCancelled, func(p *project.PauseFacts) { p.Action.Decisions = nil }),
		"pause-act-cancelled-decided": actionCard(prodege.SampleSize, project.PhaseCancelled, nil),
		"pause-act-elsewhere-maybe":   actionCard(prodege.SampleSize, project.PhaseElsewhere, func(p *project.PauseFacts) { p.Action.MaybeSent = true }),
		"pause-act-ended":             actionCard(prodege.SampleSize, project.PhaseEnded, func(p *project.PauseFacts) { p.Action.EndStatus = prodege.Complete }),
		"pause-act-other": actionCard(prodege.SampleSize, project.PhaseOther, func(p *project.PauseFacts) {
			e := event(prodege.Paused, prodege.SupportAgent, "")
			p.Moved, p.Action.Decisions = &e, nil
		}),
		"pause-act-live": actionCard(prodege.NoUniqueLinks, project.PhaseLive, func(p *project.PauseFacts) {
			did(prodege.ActLive, "200 links added")(p)
			p.End = &project.End{At: live, Status: prodege.Live, Decided: decided, By: "U0ANN", From: project.FromSlack}
		}),
		"pause-act-done": actionCard(prodege.PausedInactive, project.PhaseDone, func(p *project.PauseFacts) {
			did(prodege.ActComplete, "")(p)
			p.End = &project.End{At: live, Status: prodege.Complete, Reason: 999, Decided: decided, By: "U0ANN", From: project.FromSlack}
		}),
		"answer-pause-closed":     answerCard(project.AnswerClosed, func(a *project.Answer) { a.OfPause, a.Phase = true, project.PhaseElsewhere }),
		"answer-pause-mismatch":   answerCard(project.AnswerMismatch, func(a *project.Answer) { a.OfPause = true }),
		"answer-pause-not-now":    answerCard(project.AnswerNotNow, func(a *project.Answer) { a.OfPause = true }),
		"answer-pause-superseded": answerCard(project.AnswerSuperseded, func(a *project.Answer) { a.OfPause, a.Amount = true, nil }),
		"answer-pause-decided": answerCard(project.AnswerDecided, func(a *project.Answer) {
			a.OfPause, a.Amount = true, nil
			a.Decision = &project.Decided{Verdict: project.ChooseAction, Action: prodege.ActSample, Number: 1200, User: "U0ANN", At: decided, From: project.FromCommand}
		}),
	}
	for phase, r := range map[project.Phase]*project.Refusal{
		project.PhaseRefused: {Party: "Prodege", Codes: []int{2017}, Text: "Status change not allowed"},
		project.PhaseStopped: {Party: "Prodege", Codes: []int{100}, Text: "API under maintenance"},
	} {
		all["pause-act-"+string(phase)] = actionCard(prodege.SampleSize, phase, func(p *project.PauseFacts) { p.Action.Refusal = r })
	}
	return all
}

// actionModals are a modal for each row of the table, with figures and without.
func actionModals() map[string]any {
	files := map[string]any{}
	for _, id := range prodege.ActionIDs() {
		for reason := prodege.Reason(1); reason < 1000; reason++ {
			if _, known := prodege.FindAction(id, reason); !known {
				continue
			}
			b := actionButton()
			b.Reason = reason
			name := fmt.Sprintf("modal-%s-%d", strings.ReplaceAll(string(id), "_", "-"), reason)
			files[name] = must(OpenModal(string(id), b, "C0ALERTS", "1773176520.000100"))
			if row, _ := prodege.FindAction(id, reason); row.Asks != prodege.AsksNothing {
				b.Figures = project.Figures{}
				files[name+"-unknown"] = must(OpenModal(string(id), b, "C0ALERTS", "1773176520.000100"))
			}
		}
	}
	return files
}

func actionButton() Button {
	return Button{Project: 29303649, Name: "Spring tracker UK", Request: "644b075404443f2a3c77c7cb", Generation: 2, Reason: prodege.SampleSize,
		Figures: project.Figures{CPI: usd("3.9"), Completes: 995, Wanted: 1000, ClickCap: 2000, Refill: prodege.RefillDay, Clicks: true}}
}

func TestActionButtons(t *testing.T) {
	value, err := actionButton().Encode()
	const want = "b2|29303649|644b075404443f2a3c77c7cb|2|158|3.90|995|1000|2000||3|1|Spring+tracker+UK"
	if err != nil || value != want {
		t.Errorf("got %q, %v; want %q", value, err, want)
	}
	bare := actionButton()
	bare.Figures = project.Figures{}
	long := actionButton()
	long.Request, long.Name = prodege.EventID(strings.Repeat("w", maxRequest)), strings.Repeat("n", maxWords)
	long.Figures = project.Figures{CPI: usd("999999999.123456"), Completes: math.MaxInt64, Wanted: math.MaxInt64, ClickCap: math.MaxInt64, ClicksLeft: math.MaxInt64, Refill: 9, Clicks: true}
	for _, b := range []Button{actionButton(), bare, long} {
		value, err := b.Encode()
		if err != nil || len(value) > 500 {
			t.Fatalf("%d bytes, %v", len(value), err)
		}
		got, err := DecodeButton(value)
		if diff := cmp.Diff(b, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
	}
	for name, bad := range map[string]string{
		"no reason": strings.Replace(want, "|158|", "||", 1), "zero": strings.Replace(want, "|158|", "|0|", 1), "field less": want[:strings.LastIndex(want, "|")], "field more": want + "|",
		"another truth": strings.Replace(want, "|1|Spring", "|2|Spring", 1), "leading zero": strings.Replace(want, "|995|", "|0995|", 1), "negative": strings.Replace(want, "|995|", "|-995|", 1),
	} {
		if b, err := DecodeButton(bad); err == nil {
			t.Errorf("%s: %q decoded as %+v", name, bad, b)
		}
	}
	odd := actionButton()
	odd.Amount = usd("4")
	if value, err := odd.Encode(); err == nil {
		t.Errorf("of an amount and an action: %s", value)
	}
	for _, id := range prodege.ActionIDs() {
		if verdict, ok := VerdictOf(string(id)); !ok || verdict != project.ChooseAction || !OpensModal(string(id)) {
			t.Errorf("%s decides %q, %v", id, verdict, ok)
		}
	}
}

func TestActionModals(t *testing.T) {
	for _, c := range []struct {
		id      prodege.ActionID
		reason  prodege.Reason
		entered string
		want    Entered
		fault   string
	}{
		{prodege.ActSample, prodege.SampleSize, " 1,200 ", Entered{Verdict: project.ChooseAction, Action: prodege.ActSample, Number: 1200}, ""},
		{prodege.ActSample, prodege.SampleSize, "1001", Entered{Verdict: project.ChooseAction, Action: prodege.ActSample, Number: 1001}, ""},
		{prodege.ActSample, prodege.SampleSize, "1000", Entered{}, "At least 1,001"},
		{prodege.ActSample, prodege.SampleSize, "2000", Entered{Verdict: project.ChooseAction, Action: prodege.ActSample, Number: 2000}, ""},
		{prodege.ActSample, prodege.SampleSize, "2001", Entered{}, "More than twice the present total: at most 2,000 at once. 2,001 would cost about $3,903.90 more."},
		{prodege.ActSample, prodege.SampleSize, "1000001", Entered{}, "At most 1,000,000"},
		{prodege.ActSample, prodege.SampleSize, "many", Entered{}, "whole number"},
		{prodege.ActSample, prodege.SampleSize, "12.5", Entered{}, "whole number"},
		{prodege.ActSample, prodege.SampleSize, "-5", Entered{}, "whole number"},
		{prodege.ActSample, prodege.SampleSize, "", Entered{}, "whole number"},
		{prodege.ActClicks, prodege.MaxClicks, "1", Entered{Verdict: project.ChooseAction, Action: prodege.ActClicks, Number: 1}, ""},
		{prodege.ActClicks, prodege.MaxClicks, "0", Entered{}, "At least 1"},
		{prodege.ActClicks, prodege.MaxClicks, "1,000", Entered{Verdict: project.ChooseAction, Action: prodege.ActClicks, Number: 1000}, ""},
		{prodege.ActClicks, prodege.MaxClicks, "1,5", Entered{}, "whole number"},
		{prodege.ActClicks, prodege.MaxClicks, "1e3", Entered{}, "whole number"},
		{prodege.ActClicks, prodege.MaxClicks, "-1", Entered{}, "whole number"},
		{prodege.ActClicks, prodege.MaxClicks, "５０", Entered{}, "whole number"},
		{prodege.ActLive, prodege.NoUniqueLinks, " links added ", Entered{Verdict: project.ChooseAction, Action: prodege.ActLive, Reason: "links added"}, ""},
		{prodege.ActComplete, prodege.PausedInactive, "", Entered{Verdict: project.ChooseAction, Action: prodege.ActComplete}, ""},
		{prodege.ActLive, prodege.HighDropOff, strings.Repeat("x", 501), Entered{}, "At most 500"},
	} {
		t.Run(fmt.Sprintf("%s %.10q", c.id, c.entered), func(t *testing.T) {
			b := actionButton()
			b.Reason = c.reason
			request := must(OpenModal(string(c.id), b, "C0ALERTS", "1.2"))
			m, err := ReadModal(submitted(t, request, Modal{ActionID: string(c.id), Button: b}.Field(), c.entered))
			if err != nil {
				t.Fatal(err)
			}
			if m.ActionID != string(c.id) || m.Channel != "C0ALERTS" || m.TS != "1.2" {
				t.Errorf("read %+v", m)
			}
			got, faults := m.Check()
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if (c.fault != "") != (faults != nil) || !strings.Contains(faults[m.Field()], c.fault) {
				t.Errorf("faults %v, want %q", faults, c.fault)
			}
		})
	}
	b := actionButton()
	if _, err := OpenModal("act_clicks", b, "C0ALERTS", "1.2"); err == nil {
		t.Error("a modal of an action that the reason does not offer")
	}
	good := must(OpenModal("act_sample", b, "C0ALERTS", "1.2"))
	for _, metadata := range []string{strings.Replace(good.PrivateMetadata, "act_sample", "act_clicks", 1), strings.Replace(good.PrivateMetadata, "m2|act_sample", "m1", 1), "m2|act_sample", ""} {
		bad := good
		bad.PrivateMetadata = metadata
		if m, err := ReadModal(submitted(t, bad, BlockNumber, "5")); err == nil {
			t.Errorf("%q was read as %+v", metadata, m)
		}
	}
}

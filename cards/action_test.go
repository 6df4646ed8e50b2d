package cards

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fieldmarshal/prodege"
)

func acting(reason prodege.Reason, phase Phase, change func(*Pause)) Card {
	e := event(prodege.Paused, reason, "")
	p := Pause{Frame: frame(), Event: e, Since: paused, Times: 1, Acting: &Acting{
		Workflow: "project-29303649-action-644b075404443f2a3c77c7cb", Generation: 1, Event: e, Phase: phase, PhaseAt: live,
		Figures: &Figures{CPI: usd("3.90"), Completes: 1000, Wanted: 1000},
	}}
	if phase != PhaseOpen {
		p.Acting.Decisions = []Decision{{Verdict: Act, Action: prodege.ActSample, Number: 1200, User: "U0ANN", At: decided, From: FromSlack}}
	}
	if change != nil {
		change(&p)
	}
	return Card{Pause: &p}
}

func did(id prodege.ActionID, note string) func(*Pause) {
	return func(p *Pause) {
		p.Acting.Decisions = []Decision{{Verdict: Act, Action: id, User: "U0ANN", Reason: note, At: decided, From: FromSlack}}
	}
}

func actingFacts() map[string]Card {
	all := map[string]Card{
		"pause-act-113-open": acting(prodege.MaxClicks, PhaseOpen, func(p *Pause) {
			p.Acting.Figures = &Figures{Clicks: true, ClickCap: 2000, Refill: prodege.RefillDay}
		}),
		"pause-act-156-open":          acting(prodege.NoUniqueLinks, PhaseOpen, func(p *Pause) { p.Acting.Figures, p.Acting.Anyone = nil, true }),
		"pause-act-158-open":          acting(prodege.SampleSize, PhaseOpen, nil),
		"pause-act-158-dry-run":       acting(prodege.SampleSize, PhaseOpen, func(p *Pause) { p.Acting.DryRun = true }),
		"pause-act-207-open":          acting(prodege.PausedInactive, PhaseOpen, func(p *Pause) { p.Acting.Figures = nil }),
		"pause-act-approved":          acting(prodege.SampleSize, PhaseApproved, nil),
		"pause-act-held":              acting(prodege.SampleSize, PhaseHeld, nil),
		"pause-act-accepted":          acting(prodege.SampleSize, PhaseAccepted, nil),
		"pause-act-completing":        acting(prodege.PausedInactive, PhaseAccepted, did(prodege.ActComplete, "")),
		"pause-act-still":             acting(prodege.NoUniqueLinks, PhaseStill, did(prodege.ActLive, "200 links added")),
		"pause-act-dryrun":            acting(prodege.SampleSize, PhaseDryRun, func(p *Pause) { p.Acting.Decisions[0].DryRun, p.Acting.DryRun = true, true }),
		"pause-act-byhand":            acting(prodege.SampleSize, PhaseByHand, nil),
		"pause-act-elsewhere":         acting(prodege.SampleSize, PhaseElsewhere, func(p *Pause) { p.Acting.Decisions = nil }),
		"pause-act-cancelled":         acting(prodege.SampleSize, PhaseCancelled, func(p *Pause) { p.Acting.Decisions = nil }),
		"pause-act-cancelled-decided": acting(prodege.SampleSize, PhaseCancelled, nil),
		"pause-act-elsewhere-maybe":   acting(prodege.SampleSize, PhaseElsewhere, func(p *Pause) { p.Acting.MaybeSent = true }),
		"pause-act-ended":             acting(prodege.SampleSize, PhaseEnded, func(p *Pause) { p.Acting.EndStatus = prodege.Complete }),
		"pause-act-other": acting(prodege.SampleSize, PhaseOther, func(p *Pause) {
			e := event(prodege.Paused, prodege.SupportAgent, "")
			p.Moved, p.Acting.Decisions = &e, nil
		}),
		"pause-act-live": acting(prodege.NoUniqueLinks, PhaseLive, func(p *Pause) {
			did(prodege.ActLive, "200 links added")(p)
			p.End = &End{At: live, Status: prodege.Live, Decided: decided, By: "U0ANN", From: FromSlack}
		}),
		"pause-act-done": acting(prodege.PausedInactive, PhaseDone, func(p *Pause) {
			did(prodege.ActComplete, "")(p)
			p.End = &End{At: live, Status: prodege.Complete, Reason: 999, Decided: decided, By: "U0ANN", From: FromSlack}
		}),
		"answer-pause-closed":     answer(AnswerClosed, func(a *Answer) { a.OfPause, a.Phase = true, PhaseElsewhere }),
		"answer-pause-mismatch":   answer(AnswerMismatch, func(a *Answer) { a.OfPause = true }),
		"answer-pause-not-now":    answer(AnswerNotNow, func(a *Answer) { a.OfPause = true }),
		"answer-pause-superseded": answer(AnswerSuperseded, func(a *Answer) { a.OfPause, a.Amount = true, nil }),
		"answer-pause-decided": answer(AnswerDecided, func(a *Answer) {
			a.OfPause, a.Amount = true, nil
			a.Decision = &Decision{Verdict: Act, Action: prodege.ActSample, Number: 1200, User: "U0ANN", At: decided, From: FromCommand}
		}),
	}
	for phase, r := range map[Phase]*Refusal{
		PhaseRefused: {Party: "Prodege", Codes: []int{2017}, Text: "Status change not allowed"},
		PhaseStopped: {Party: "Prodege", Codes: []int{100}, Text: "API under maintenance"},
	} {
		all["pause-act-"+string(phase)] = acting(prodege.SampleSize, phase, func(p *Pause) { p.Acting.Refusal = r })
	}
	return all
}

// actionModals are a modal for each row of the table, with figures and without.
func actionModals() map[string]any {
	files := map[string]any{}
	for _, id := range prodege.ActionIDs() {
		for _, reason := range []prodege.Reason{113, 156, 158, 207, 222} {
			if _, known := prodege.FindAction(id, reason); !known {
				continue
			}
			b := actionButton()
			b.Reason = reason
			name := fmt.Sprintf("modal-%s-%d", strings.ReplaceAll(string(id), "_", "-"), reason)
			files[name] = must(OpenModal(string(id), b, "C0ALERTS", "1773176520.000100"))
			if row, _ := prodege.FindAction(id, reason); row.Asks != prodege.AsksNothing {
				b.Figures = nil
				files[name+"-unknown"] = must(OpenModal(string(id), b, "C0ALERTS", "1773176520.000100"))
			}
		}
	}
	return files
}

func actionButton() Button {
	return Button{Workflow: "project-29303649-action-644b075404443f2a3c77c7cb", Project: 29303649, Generation: 2, Reason: prodege.SampleSize,
		Figures: &Figures{CPI: usd("3.9"), Completes: 995, Wanted: 1000, ClickCap: 2000, Refill: prodege.RefillDay, Clicks: true}}
}

func TestActionButtons(t *testing.T) {
	value, err := actionButton().Encode()
	const want = "b2|project-29303649-action-644b075404443f2a3c77c7cb|29303649|2|158|3.90|995|1000|2000|0|3|1"
	if err != nil || value != want {
		t.Errorf("got %q, %v; want %q", value, err, want)
	}
	bare := actionButton()
	bare.Figures = nil
	long := actionButton()
	long.Workflow = strings.Repeat("w", maxWorkflow)
	long.Figures = &Figures{CPI: usd("999999999.123456"), Completes: math.MaxInt64, Wanted: math.MaxInt64, ClickCap: math.MaxInt64, ClicksLeft: math.MaxInt64, Refill: 9, Clicks: true}
	for _, b := range []Button{actionButton(), bare, long} {
		value, err := b.Encode()
		if err != nil || len(value) > 600 {
			t.Fatalf("%d bytes, %v", len(value), err)
		}
		got, err := DecodeButton(value)
		if diff := cmp.Diff(b, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
	}
	for name, bad := range map[string]string{
		"no reason": strings.Replace(want, "|158|", "|0|", 1), "field less": want[:len(want)-2], "field more": want + "|", "half of the figures": strings.Replace(want, "|995|", "||", 1),
		"another truth": want[:len(want)-1] + "2", "leading zero": strings.Replace(want, "|995|", "|0995|", 1), "negative": strings.Replace(want, "|995|", "|-995|", 1),
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
		if verdict, ok := VerdictOf(string(id)); !ok || verdict != Act || !OpensModal(string(id)) {
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
		{prodege.ActSample, prodege.SampleSize, " 1,200 ", Entered{Verdict: Act, Action: prodege.ActSample, Number: 1200}, ""},
		{prodege.ActSample, prodege.SampleSize, "1001", Entered{Verdict: Act, Action: prodege.ActSample, Number: 1001}, ""},
		{prodege.ActSample, prodege.SampleSize, "1000", Entered{}, "At least 1,001"},
		{prodege.ActSample, prodege.SampleSize, "1000001", Entered{}, "At most 1,000,000"},
		{prodege.ActSample, prodege.SampleSize, "many", Entered{}, "whole number"},
		{prodege.ActSample, prodege.SampleSize, "12.5", Entered{}, "whole number"},
		{prodege.ActSample, prodege.SampleSize, "-5", Entered{}, "whole number"},
		{prodege.ActSample, prodege.SampleSize, "", Entered{}, "whole number"},
		{prodege.ActClicks, prodege.MaxClicks, "1", Entered{Verdict: Act, Action: prodege.ActClicks, Number: 1}, ""},
		{prodege.ActClicks, prodege.MaxClicks, "0", Entered{}, "At least 1"},
		{prodege.ActLive, prodege.NoUniqueLinks, " links added ", Entered{Verdict: Act, Action: prodege.ActLive, Reason: "links added"}, ""},
		{prodege.ActComplete, prodege.PausedInactive, "", Entered{Verdict: Act, Action: prodege.ActComplete}, ""},
		{prodege.ActLive, prodege.HighDropOff, strings.Repeat("x", 501), Entered{}, "At most 500"},
	} {
		t.Run(fmt.Sprintf("%s %.10q", c.id, c.entered), func(t *testing.T) {
			b := actionButton()
			b.Reason = c.reason
			request := must(OpenModal(string(c.id), b, "C0ALERTS", "1.2"))
			m, err := ReadModal(submitted(t, request, Modal{Callback: CallbackAction, Action: c.id, Button: b}.Field(), c.entered))
			if err != nil {
				t.Fatal(err)
			}
			if m.Action != c.id || m.Channel != "C0ALERTS" || m.TS != "1.2" {
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

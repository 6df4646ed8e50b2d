package cards

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// submitted is the view that Slack sends back for a modal, with what was entered.
func submitted(t *testing.T, request slack.ModalViewRequest, block, entered string) slack.View {
	t.Helper()
	state := map[string]any{"values": map[string]any{block: map[string]any{inputAction: map[string]any{"type": "plain_text_input", "value": entered}}}}
	text, err := json.Marshal(map[string]any{"type": "modal", "callback_id": request.CallbackID, "private_metadata": request.PrivateMetadata, "state": state})
	if err != nil {
		t.Fatal(err)
	}
	var view slack.View
	if err := json.Unmarshal(text, &view); err != nil {
		t.Fatal(err)
	}
	return view
}

func TestModalRoundTrip(t *testing.T) {
	b := fullButton()
	view := submitted(t, must(OpenModal(ActionReject, b, "C0CPI", "1773176520.000100")), BlockReason, " too expensive\n")
	m, err := ReadModal(view)
	if err != nil {
		t.Fatal(err)
	}
	want := Modal{ActionID: ActionReject, Button: b, Channel: "C0CPI", TS: "1773176520.000100", Entered: " too expensive\n"}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Error(diff)
	}
	entered, faults := m.Check()
	if diff := cmp.Diff(Entered{Verdict: project.Reject, Reason: "too expensive"}, entered); diff != "" || faults != nil {
		t.Error(diff, faults)
	}
}

func TestReasonIsOptionalAndBounded(t *testing.T) {
	for reason, ok := range map[string]bool{"": true, strings.Repeat("ä", 500): true, strings.Repeat("ä", 501): false} {
		_, faults := Modal{ActionID: ActionReject, Entered: reason}.Check()
		if got := faults == nil; got != ok || (!ok && faults[BlockReason] == "") {
			t.Errorf("%d bytes: %v", len(reason), faults)
		}
	}
}

func TestApproveUpToAmounts(t *testing.T) {
	between := Button{Request: "w", Project: 1, Amount: usd("4.25"), Ceiling: usd("6")}
	open := Button{Request: "w", Project: 1}
	free := Button{Request: "w", Project: 1, Amount: usd("4.25")}
	for _, c := range []struct {
		name    string
		button  Button
		entered string
		upTo    string // what is approved
		fault   string // part of what stands at the field
	}{
		{"between", between, "4.50", "4.50", ""},
		{"dollar sign and spaces", between, " $5 ", "5.00", ""},
		{"just required", between, "4.25", "4.25", ""},
		{"just the ceiling", between, "6.00", "6.00", ""},
		{"below required", between, "4.24", "", "at least $4.25"},
		{"above ceiling", between, "6.000001", "", "at most $6.00"},
		{"just twice", free, "8.50", "8.50", ""},
		{"more than twice", free, "8.51", "", "More than twice what Prodege requires: at most $8.50"},
		{"cents for dollars", free, "425", "", "at most $8.50"},
		{"comma", between, "4,50", "", "with a point"},
		{"nothing", between, "", "", "with a point"},
		{"words", between, "five", "", "with a point"},
		{"negative", between, "-5", "", "with a point"},
		{"exponent", between, "5e0", "", "with a point"},
		{"cents of a cent", between, "4.255", "4.255", ""},
		{"comma and a space", between, " 4,25", "", "with a point"},
		{"just zero", between, "0", "", "with a point"},
		{"minus one", between, "-1", "", "with a point"},
		{"thousands by exponent", between, "1e3", "", "with a point"},
		{"full-width digits", between, "４.２５", "", "with a point"},
		{"no-break space", between, "\u00a0$4.25\u00a0", "4.25", ""},
		{"the currency", between, "4.25 USD", "4.25", ""},
		{"another currency", between, "4.25 EUR", "", "with a point"},
		{"unknown amount", open, "7.10", "7.10", ""},
		{"zero", open, "0.00", "", "with a point"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := ReadModal(submitted(t, must(OpenModal(ActionApproveUpTo, c.button, "C0CPI", "1.2")), BlockAmount, c.entered))
			if err != nil {
				t.Fatal(err)
			}
			entered, faults := m.Check()
			switch {
			case c.fault != "":
				if !strings.Contains(faults[BlockAmount], c.fault) || entered.UpTo != nil {
					t.Errorf("got %+v, %v; want a fault with %q", entered, faults, c.fault)
				}
			case faults != nil || entered.Verdict != project.Approve || !entered.UpTo.Equal(*usd(c.upTo)):
				t.Errorf("got %+v, %v; want %s", entered, faults, c.upTo)
			}
		})
	}
}

func TestReadModalRefuses(t *testing.T) {
	good := must(OpenModal(ActionReject, fullButton(), "C0CPI", "1.2"))
	for name, change := range map[string]func(*slack.View){
		"other callback":  func(v *slack.View) { v.CallbackID = "other" },
		"no metadata":     func(v *slack.View) { v.PrivateMetadata = "" },
		"other version":   func(v *slack.View) { v.PrivateMetadata = strings.Replace(v.PrivateMetadata, "m1", "m2", 1) },
		"no channel":      func(v *slack.View) { v.PrivateMetadata = strings.Replace(v.PrivateMetadata, "C0CPI", "", 1) },
		"a broken button": func(v *slack.View) { v.PrivateMetadata += "|" },
	} {
		view := submitted(t, good, BlockReason, "")
		change(&view)
		if m, err := ReadModal(view); err == nil {
			t.Errorf("%s: read as %+v", name, m)
		}
	}
}

func TestModalWithinLimits(t *testing.T) {
	details := must(OpenModal(ActionDetails, hugeButton(), "C1", "1.2"))
	if details.Submit != nil || len(details.Title.Text) > 24 {
		t.Errorf("details %+v", details)
	}
	act := actionButton()
	act.Name = strings.Repeat("n", maxWords)
	for _, v := range []slack.ModalViewRequest{
		must(OpenModal(ActionReject, hugeButton(), strings.Repeat("C", 64), strings.Repeat("1", 64))), must(OpenModal(ActionApproveUpTo, hugeButton(), "C1", "1.2")),
		must(OpenModal(string(prodege.ActSample), act, "C1", "1.2")),
	} {
		if len(v.PrivateMetadata) > 3000 || len([]rune(v.Title.Text)) > 24 || len([]rune(v.Submit.Text)) > 24 || len([]rune(v.Close.Text)) > 24 {
			t.Errorf("over Slack's limits: %+v", v)
		}
		input := v.Blocks.BlockSet[1].(*slack.InputBlock)
		if len(input.Hint.Text) > 150 || len(input.Label.Text) > 150 {
			t.Errorf("hint or label too long: %+v", input)
		}
		for _, b := range append(v.Blocks.BlockSet[:1:1], details.Blocks.BlockSet...) {
			checkBlock(t, b)
		}
	}
}

// A button opens the modal of its own kind only.
func TestNoModalForOthers(t *testing.T) {
	for actionID, b := range map[string]Button{
		ActionReject: {Project: 1, Revision: 1}, ActionDetails: {Project: 1, Revision: 1}, ActionApprove: fullButton(), ActionApproveUpTo: actionButton(),
		string(prodege.ActLive): fullButton(),
	} {
		if v, err := OpenModal(actionID, b, "C1", "1.2"); err == nil {
			t.Errorf("%s opened %+v", actionID, v.Title)
		}
	}
}

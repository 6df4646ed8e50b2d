package cards

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func fullButton() Button {
	return Button{Workflow: "project-29303649-cpi-644b075404443f2a3c77c7cb", Project: 29303649, Generation: 3,
		Amount: usd("4.25"), UpTo: usd("4.5"), Revision: 2, Ceiling: usd("6")}
}

func TestButtonRoundTrip(t *testing.T) {
	for name, b := range map[string]Button{
		"full":      fullButton(),
		"no amount": {Workflow: "project-1-cpi-a", Project: 1, Generation: 1},
		"invoice":   {Workflow: "project-1-invoicing", Project: 1, Revision: 12},
		"long":      {Workflow: strings.Repeat("w", maxWorkflow), Project: 1<<63 - 1, Generation: 1<<63 - 1, Revision: 1<<63 - 1, Amount: usd("999999999.123456"), UpTo: usd("999999999.123456"), Ceiling: usd("999999999.123456")},
	} {
		t.Run(name, func(t *testing.T) {
			value, err := b.Encode()
			if err != nil || len(value) > 500 {
				t.Fatalf("%d bytes, %v", len(value), err)
			}
			got, err := DecodeButton(value)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(b, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestButtonValueStands: messages posted by an earlier version still hold such values.
func TestButtonValueStands(t *testing.T) {
	value, err := fullButton().Encode()
	const want = "b1|project-29303649-cpi-644b075404443f2a3c77c7cb|29303649|3|4.25|4.50|2|6.00"
	if err != nil || value != want {
		t.Errorf("got %q, %v; want %q", value, err, want)
	}
}

func TestButtonRefuses(t *testing.T) {
	for name, b := range map[string]Button{
		"no workflow":     {Project: 1},
		"long workflow":   {Project: 1, Workflow: strings.Repeat("w", maxWorkflow+1)},
		"separator":       {Project: 1, Workflow: "a|b"},
		"line end":        {Project: 1, Workflow: "a\nb"},
		"not ASCII":       {Project: 1, Workflow: "ä"},
		"no project":      {Workflow: "a"},
		"negative":        {Workflow: "a", Project: 1, Generation: -1},
		"negative amount": {Workflow: "a", Project: 1, Amount: ptr(usd("1").Sub(*usd("2")))},
	} {
		if value, err := b.Encode(); err == nil {
			t.Errorf("%s: encoded as %q", name, value)
		}
	}
	good, _ := fullButton().Encode()
	for name, value := range map[string]string{
		"empty": "", "other version": "b2" + good[2:], "field more": good + "|", "field less": good[:strings.LastIndex(good, "|")],
		"white space": good + " ", "leading zero": strings.Replace(good, "|3|", "|03|", 1), "plus": strings.Replace(good, "|3|", "|+3|", 1),
		"short amount": strings.Replace(good, "4.50", "4.5", 1), "exponent": strings.Replace(good, "4.50", "4e1", 1), "no project": strings.Replace(good, "|29303649|", "|0|", 1),
	} {
		if b, err := DecodeButton(value); err == nil {
			t.Errorf("%s: %q decoded as %+v", name, value, b)
		}
	}
}

func TestVerdictOf(t *testing.T) {
	want := map[string]Verdict{
		"cpi_approve": Approve, "cpi_reject": Reject, "cpi_approve_up_to": Approve, "cpi_ask_again": AskAgain, "cpi_try_again": TryAgain,
		"cpi_close": Close, "invoice_mark": MarkInvoiced, "invoice_retry": TryAgain, "invoice_send": SendInvoice,
	}
	for id, verdict := range want {
		if got, ok := VerdictOf(id); !ok || got != verdict {
			t.Errorf("%s: got %q, %v", id, got, ok)
		}
	}
	if _, ok := VerdictOf("link"); ok {
		t.Error("a button that is none of ours has a verdict")
	}
}

func ptr[T any](v T) *T { return &v }

func FuzzDecodeButton(f *testing.F) {
	good, _ := fullButton().Encode()
	f.Add(good)
	f.Add("b1|project-1-invoicing|1|0|||1|")
	act, _ := actionButton().Encode()
	f.Add(act)
	f.Fuzz(func(t *testing.T, value string) {
		b, err := DecodeButton(value)
		if err != nil {
			return
		}
		again, err := b.Encode()
		if err != nil || again != value || len(value) > 600 {
			t.Errorf("%q became %q, %v", value, again, err)
		}
	})
}

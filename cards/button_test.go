package cards

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

func fullButton() Button {
	return Button{Project: 29303649, Name: "Tea & biscuits | ünï", Request: "644b075404443f2a3c77c7cb", Generation: 3,
		Amount: usd("4.25"), UpTo: usd("4.5"), Ceiling: usd("6"), Revision: 2,
		Numbers: project.Numbers{CPI: usd("3.90"), AvgCPI: usd("3.60"), MaxCPI: usd("3.75"), Completes: 600, Wanted: 1000,
			BidIR: "30", ActualIR: "22", BidLOI: "12", ActualLOI: "15 min", AsOf: paused}}
}

// hugeButton has the largest of everything that a value can carry.
func hugeButton() Button {
	most := usd("999999999.123456")
	return Button{Project: 1<<63 - 1, Name: strings.Repeat("n", maxWords), Request: prodege.EventID(strings.Repeat("w", maxRequest)), Generation: 1<<63 - 1, Revision: 1<<63 - 1,
		Amount: most, UpTo: most, Ceiling: most,
		Numbers: project.Numbers{CPI: most, AvgCPI: most, MaxCPI: most, Completes: 1<<63 - 1, Wanted: 1<<63 - 1, AsOf: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC),
			BidIR: strings.Repeat("i", maxWords), ActualIR: strings.Repeat("i", maxWords), BidLOI: strings.Repeat("i", maxWords), ActualLOI: strings.Repeat("i", maxWords)}}
}

func TestButtonRoundTrip(t *testing.T) {
	for name, c := range map[string]struct {
		button Button
		most   int // bytes
	}{
		"full":      {fullButton(), 500},
		"no amount": {Button{Project: 1, Request: "a", Generation: 1}, 500},
		"invoice":   {Button{Project: 1, Revision: 12}, 500},
		"huge":      {hugeButton(), 1000},
	} {
		t.Run(name, func(t *testing.T) {
			value, err := c.button.Encode()
			if err != nil || len(value) > c.most {
				t.Fatalf("%d bytes, %v", len(value), err)
			}
			got, err := DecodeButton(value)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.button, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestButtonValueIsKept: messages posted by an earlier version still hold such values.
func TestButtonValueIsKept(t *testing.T) {
	value, err := fullButton().Encode()
	const want = "b1|29303649|644b075404443f2a3c77c7cb|3|4.25|4.50|2|6.00|3.75|3.90|3.60|600|1000|1773176520|30|22|12|15+min|Tea+%26+biscuits+%7C+%C3%BCn%C3%AF"
	if err != nil || value != want {
		t.Errorf("got %q, %v; want %q", value, err, want)
	}
}

func TestButtonRefuses(t *testing.T) {
	for name, b := range map[string]Button{
		"neither request nor invoice": {Project: 1},
		"long request":                {Project: 1, Request: prodege.EventID(strings.Repeat("w", maxRequest+1))},
		"separator":                   {Project: 1, Request: "a|b"},
		"line end":                    {Project: 1, Request: "a\nb"},
		"not ASCII":                   {Project: 1, Request: "ä"},
		"no project":                  {Request: "a"},
		"negative":                    {Request: "a", Project: 1, Generation: -1},
		"negative amount":             {Request: "a", Project: 1, Amount: ptr(usd("1").Sub(*usd("2")))},
		"long name":                   {Request: "a", Project: 1, Name: strings.Repeat("n", maxWords+1)},
		"a figure of an action":       {Request: "a", Project: 1, Figures: project.Figures{Wanted: 1}},
	} {
		if value, err := b.Encode(); err == nil {
			t.Errorf("%s: encoded as %q", name, value)
		}
	}
	good, _ := fullButton().Encode()
	for name, value := range map[string]string{
		"empty": "", "other version": "b2" + good[2:], "field more": good + "|", "field less": good[:strings.LastIndex(good, "|")],
		"white space": good + " ", "leading zero": strings.Replace(good, "|3|", "|03|", 1), "plus": strings.Replace(good, "|3|", "|+3|", 1),
		"short amount": strings.Replace(good, "4.50", "4.5", 1), "exponent": strings.Replace(good, "4.50", "4e1", 1), "no project": strings.Replace(good, "|29303649|", "||", 1), "another escape": strings.Replace(good, "%7C", "%7c", 1), "zero": strings.Replace(good, "|2|", "|0|", 1),
	} {
		if b, err := DecodeButton(value); err == nil {
			t.Errorf("%s: %q decoded as %+v", name, value, b)
		}
	}
}

func TestVerdictOf(t *testing.T) {
	want := map[string]project.Verdict{
		"cpi_approve": project.Approve, "cpi_reject": project.Reject, "cpi_approve_up_to": project.Approve, "cpi_ask_again": project.AskAgain, "cpi_try_again": project.TryAgain,
		"cpi_close": project.Close, "invoice_mark": project.MarkInvoiced, "invoice_retry": project.TryAgain, "invoice_send": project.SendInvoice,
	}
	for id, verdict := range want {
		if got, ok := VerdictOf(id); !ok || got != verdict {
			t.Errorf("%s: got %q, %v", id, got, ok)
		}
	}
	if verdict, ok := VerdictOf("cpi_details"); !ok || verdict != "" || !OpensModal("cpi_details") {
		t.Errorf("Details decides %q, %v", verdict, ok)
	}
	if _, ok := VerdictOf("link"); ok {
		t.Error("a button that is none of ours has a verdict")
	}
}

// A figure that a value can't hold is left out: it must not cost the button.
func TestOddFiguresCostNoButton(t *testing.T) {
	for name, n := range map[string]project.Numbers{
		"negative": {CPI: ptr(usd("1").Sub(*usd("2"))), MaxCPI: ptr(usd("999999999").Times(9)), Completes: -1, Wanted: -5},
		"texts":    {BidIR: strings.Repeat("ü", 500), ActualIR: "a\xff|b", BidLOI: "\u202e", AsOf: time.Unix(-5, 7)},
	} {
		c := requestCard(project.PhaseOpen, func(r *project.RequestFacts) { r.Numbers, r.Project.Name = &n, strings.Repeat("😀|", 100) })
		if got := len(buttonsOf(c)); got != 4 {
			t.Errorf("%s: %d buttons", name, got)
		}
	}
}

func ptr[T any](v T) *T { return &v }

func FuzzDecodeButton(f *testing.F) {
	good, _ := fullButton().Encode()
	f.Add(good)
	f.Add("b1|1|||||1||||||||||||")
	act, _ := actionButton().Encode()
	f.Add(act)
	f.Fuzz(func(t *testing.T, value string) {
		b, err := DecodeButton(value)
		if err != nil {
			return
		}
		again, err := b.Encode()
		if err != nil || again != value || len(value) > 1000 {
			t.Errorf("%q became %q, %v", value, again, err)
		}
	})
}

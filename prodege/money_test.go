package prodege

import (
	"encoding/json"
	"testing"
)

func TestUSDAsText(t *testing.T) {
	for _, c := range []struct{ in, text, dollars string }{
		{"0.125", "0.125", "$0.125"},
		{"36", "36.00", "$36.00"},
		{"4.2", "4.20", "$4.20"},
		{"0.10", "0.10", "$0.10"},
		{"10", "10.00", "$10.00"},
		{"100.000", "100.00", "$100.00"},
		{"4.250", "4.25", "$4.25"},
		{"1.200000", "1.20", "$1.20"},
		{"0.000001", "0.000001", "$0.000001"},
		{"0", "0.00", "$0.00"},
		{"0.000", "0.00", "$0.00"},
		{"007", "7.00", "$7.00"},
		{" 4.25 ", "4.25", "$4.25"},
		{"1204", "1204.00", "$1,204.00"},
		{"999999.999", "999999.999", "$999,999.999"},
		{"1000000000", "1000000000.00", "$1,000,000,000.00"},
	} {
		u, err := ParseUSD(c.in)
		if err != nil {
			t.Errorf("ParseUSD(%q): %v", c.in, err)
			continue
		}
		if u.String() != c.text || u.Dollars() != c.dollars {
			t.Errorf("%q reads as %s and %s, want %s and %s", c.in, u, u.Dollars(), c.text, c.dollars)
		}
	}
}

func TestWhatIsNoAmount(t *testing.T) {
	for _, in := range []string{"", " ", "-1", "+1", "1e3", "1.", ".5", "1,5", "$4", "4.25 USD", "0x10", "NaN", "Inf", "1.2.3", "٣",
		"1.0000001", "1000000000.01", "10000000000", "99999999999999999999", "4 25", "null"} {
		if u, err := ParseUSD(in); err == nil {
			t.Errorf("ParseUSD(%q) = %s, want an error", in, u)
		}
	}
}

func TestUSDInJSON(t *testing.T) {
	for _, c := range []struct {
		in, want string
		fails    bool
	}{
		{in: `"4.25"`, want: "4.25"},
		{in: `4.25`, want: "4.25"},
		{in: `"-0.50"`, want: "-0.50"},
		{in: ` 36 `, want: "36.00"},
		{in: `null`, want: "7.00"},
		{in: `"--1"`, want: "7.00", fails: true},
		{in: `"-x"`, want: "7.00", fails: true},
		{in: `"x"`, want: "7.00", fails: true},
		{in: `1e3`, want: "7.00", fails: true},
		{in: `{}`, want: "7.00", fails: true},
	} {
		u := MustUSD("7") // an error must leave it unchanged
		err := json.Unmarshal([]byte(c.in), &u)
		if (err != nil) != c.fails || u.String() != c.want {
			t.Errorf("%s reads as %s (%v), want %s", c.in, u, err, c.want)
		}
	}
}

func TestUSDArithmetic(t *testing.T) {
	a, b := MustUSD("4.25"), MustUSD("3.75")
	if got := a.Sub(b).Dollars(); got != "$0.50" {
		t.Errorf("difference %s", got)
	}
	if got := b.Sub(a).Dollars(); got != "-$0.50" {
		t.Errorf("negative difference %s", got)
	}
	if got := a.Sub(b).Times(1200).Dollars(); got != "$600.00" {
		t.Errorf("cost %s", got)
	}
	if p, ok := a.PercentOf(b); !ok || p != 13 {
		t.Errorf("per cent %d, %t", p, ok)
	}
	if _, ok := a.PercentOf(USD{}); ok {
		t.Error("a percentage of zero")
	}
	if !MustUSD("4.2").Equal(MustUSD("4.200")) || MustUSD("4.2").Cmp(MustUSD("4.21")) != -1 || !(USD{}).IsZero() {
		t.Error("comparison")
	}
}

func FuzzParseUSD(f *testing.F) {
	for _, s := range []string{"4.25", "36", "0.125", "-1", "1e9", "1000000000", "0.0000001", "", "."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := ParseUSD(text)
		if err != nil {
			return
		}
		again, err := ParseUSD(u.String())
		if err != nil || !again.Equal(u) {
			t.Errorf("%q reads as %s, which reads as %s (%v)", text, u, again, err)
		}
		b, _ := json.Marshal(u)
		var back USD
		if err := json.Unmarshal(b, &back); err != nil || !back.Equal(u) {
			t.Errorf("%q goes through JSON as %s (%v)", text, back, err)
		}
		if u.Cmp(USD{}) < 0 || u.Cmp(USD{maxUSD}) > 0 {
			t.Errorf("%q is out of bounds", text)
		}
	})
}

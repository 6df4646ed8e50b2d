package cards

import (
	"testing"
	"time"

	"fieldmarshal/prodege"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "Spring tracker", "Spring tracker"},
		{"markup", "<!channel> & co", "&lt;!channel&gt; &amp; co"},
		{"one line", "a\r\n\tb  c\u2028d", "a b c d"},
		{"invalid UTF-8", "a\xffb", "a\ufffdb"},
		{"control", "a\x00b\x1bc", "a b c"},
		{"bidi override", "invoice\u202efdp.exe\u202c", "invoicefdp.exe"},
		{"family emoji keeps its joiners", "👩‍👧", "👩‍👧"},
		{"cut", "12345678901", "123456789…"},
		{"cut before an entity", "12345678&&&", "12345678…"},
		{"cut before a wide rune", "12345678🌶🌶", "12345678…"},
	} {
		if got := clean(c.in, 10); c.name[:3] == "cut" && got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		} else if got := clean(c.in, 100); c.name[:3] != "cut" && got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestQuoted(t *testing.T) {
	if got, want := quoted("one\n\n<two>\r\nthree\n", 100), "> one\n> &lt;two&gt;\n> three"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := quoted(" \n ", 100); got != "" {
		t.Errorf("nothing became %q", got)
	}
}

func TestPerson(t *testing.T) {
	for id, want := range map[string]string{
		"U0ANN": "<@U0ANN>", "W123": "<@W123>", "S0OPS": "<!subteam^S0OPS>", "": "someone", "U1>": "U1&gt;", "ann": "ann", "U": "U", "!here": "!here",
	} {
		if got := mention(id); got != want {
			t.Errorf("%q: got %q, want %q", id, got, want)
		}
	}
}

func TestLink(t *testing.T) {
	for address, want := range map[string]string{
		"https://a.example/x?y=1&z=2": "<https://a.example/x?y=1&amp;z=2|here>",
		"http://localhost:8233/":      "<http://localhost:8233/|here>",
		"":                            "", "javascript:alert(1)": "", "https://": "", "https://user@a.example": "", "https://a.example/|x": "<https://a.example/%7Cx|here>",
		"https://a.example/>": "<https://a.example/%3E|here>", "https://a.example/\u202e": "", "https://a\u202e.example/": "",
	} {
		if got := link(address, "here"); got != want {
			t.Errorf("%q: got %q, want %q", address, got, want)
		}
	}
}

func TestTimes(t *testing.T) {
	at := time.Date(2026, 3, 10, 21, 2, 0, 0, time.FixedZone("PDT", -7*3600))
	if got, want := when(at), "<!date^1773201720^{date_short_pretty} at {time}|Mar 11, 2026 04:02 UTC>"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := when(time.Time{}); got != "an unknown time" {
		t.Errorf("no time became %q", got)
	}
	for d, want := range map[time.Duration]string{
		0: "less than a minute", 59 * time.Second: "1 min", 8 * time.Minute: "8 min", 2 * time.Hour: "2 h", 125 * time.Minute: "2 h 5 min", 76 * time.Hour: "3 d 4 h", 72 * time.Hour: "3 d",
	} {
		if got := lasting(d); got != want {
			t.Errorf("%s: got %q, want %q", d, got, want)
		}
	}
}

func TestChange(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"3.75", "4.25", "+$0.50 (+13 %)"}, {"4.25", "3.75", "-$0.50 (-12 %)"}, {"4.25", "4.25", ""}, {"0", "4.25", "+$4.25"}, {"100", "100.01", "+$0.01"},
	} {
		if got := change(prodege.MustUSD(c.from), prodege.MustUSD(c.to)); got != c.want {
			t.Errorf("%s to %s: got %q, want %q", c.from, c.to, got, c.want)
		}
	}
}

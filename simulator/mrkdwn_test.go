package simulator

import (
	"strings"
	"testing"
)

func TestMrkdwn(t *testing.T) {
	m := mrkdwn{names: map[string]string{"U1": "Ann", "S1": "approvers", "C1": "alerts"}, me: "U1", team: "https://simulated.slack.com/"}
	for text, want := range map[string]string{
		"plain":                                 "plain",
		"a & b &amp; c &lt;d&gt;":               "a &amp; b &amp; c &lt;d&gt;",
		"*bold* and 2*3*4":                      "<strong>bold</strong> and 2*3*4",
		"_it_ snake_case_name":                  "<em>it</em> snake_case_name",
		"* no bold *":                           "* no bold *",
		"*Max*\n$3.75":                          "<strong>Max</strong><br>$3.75",
		"*not\nover lines*":                     "*not<br>over lines*",
		"`*code*`":                              "<code>*code*</code>",
		"<@U1> asks <!subteam^S1> in <#C1>":     `<span class="mention me">@Ann</span> asks <span class="mention">@approvers</span> in <span class="mention">#alerts</span>`,
		"<@U404>":                               `<span class="mention">@U404</span>`,
		"<!channel>":                            `<span class="mention loud">@channel</span>`,
		"&lt;!channel&gt;":                      "&lt;!channel&gt;",
		"<https://a.example/?x=1&amp;y=2|here>": `<a href="https://a.example/?x=1&amp;y=2" target="_blank" rel="noopener">here</a>`,
		"<https://simulated.slack.com/archives/C1/p1700000000000100|alert>": `<a href="#m-C1-1700000000000100">alert</a>`,
		"<javascript:alert(1)|x>":     "&lt;javascript:alert(1)|x&gt;",
		"<b>x</b>":                    "&lt;b&gt;x&lt;/b&gt;",
		"&gt; said\n&gt; more\nafter": "<blockquote>said<br>more</blockquote>after",
		"*<https://a.example|b>*":     `<strong><a href="https://a.example" target="_blank" rel="noopener">b</a></strong>`,
		"\uE000 \uE001":               " ",
	} {
		if got := string(m.html(text)); got != want {
			t.Errorf("%q\n got %s\nwant %s", text, got, want)
		}
	}
	if got := string(m.html("<!date^1773201720^{date_short} {time}|then>")); !strings.HasPrefix(got, `<time datetime="2026-03-11T04:02:00Z"`) {
		t.Errorf("date: %s", got)
	}
	if got := string(m.html("<!date^x^{time}|then>")); got != "then" {
		t.Errorf("bad date: %s", got)
	}
}

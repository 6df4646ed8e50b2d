package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"go.temporal.io/sdk/client"

	"fieldmarshal/simulator"
	"fieldmarshal/workflows"
)

// TestPictures plays the scenarios of which the docs show messages, and takes a picture of each such message at the
// step that names it:
//
//	go test ./cmd/dev -run Pictures -pictures
//
// Scenarios that need the same settings share an installation.
func TestPictures(t *testing.T) {
	if !*pictures {
		t.Skip("writes files: asked for by -pictures")
	}
	b := openTab(t)
	running := map[string]*running{}
	for _, s := range simulator.Scenarios {
		if !pictured(s) {
			continue
		}
		settings := strings.Join(s.Env, " ")
		r := running[settings]
		if r == nil {
			limits := patient
			limits.breath, limits.live = time.Millisecond, 6*time.Second // for the picture between acceptance and LIVE
			r = launchWith(t, t.TempDir(), invocation{limits: limits, settings: s.Env})
			running[settings] = r
		}
		watch := func(p simulator.Progress) {
			if name := s.Steps[p.Step].Picture; name != "" && p.State == "done" {
				b.portrait(r, "phase-"+name, p.Message)
			}
		}
		if err := r.scenes(t).Play(t.Context(), s, watch); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}

func pictured(s simulator.Scenario) bool {
	for _, st := range s.Steps {
		if st.Picture != "" {
			return true
		}
	}
	return false
}

// scenes is where scenarios are played without the page, with an operator.
func (r *running) scenes(t *testing.T) *simulator.Stage {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: r.temporal.HostPort})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	flows := workflows.NewClient(c, workflows.TaskQueue)
	return &simulator.Stage{Slack: r.slack, Prodege: r.prodege, Billing: r.billing, Cast: cast, StepLimit: 30 * time.Second, Waiting: r.waiting,
		Operator: &simulator.Operator{Accepting: func(ctx context.Context, on bool) error { return flows.Accepting(ctx, on, approverAnn) }}}
}

// portrait takes a picture of one message, as wide as Slack's window on a small screen shows it.
func (b *tab) portrait(r *running, name string, m simulator.Message) {
	b.t.Helper()
	at := "#m-" + m.Channel + "-" + strings.ReplaceAll(m.TS, ".", "")
	b.looks(760, 900, false)
	b.goes(address(r.page) + "/?as=" + approverAnn)
	b.sees("the page to be live", "document.querySelector('#live.on') !== null")
	b.sees(name, fmt.Sprintf("(() => { const e = document.querySelector(%q); if (!e) return false; e.classList.remove('new'); e.scrollIntoView({block: 'center'}); return true })()", at))
	b.write(name, chromedp.Screenshot(at))
}

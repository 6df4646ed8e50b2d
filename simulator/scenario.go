package simulator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"fieldmarshal/prodege"
)

// Cast is who plays in the page's scenarios, and in which channels.
type Cast struct {
	Approver, Second, Outsider string            // user ids: two who may decide, one who may not
	Alerts, Approvals          string            // channel ids
	FirstProject               prodege.ProjectID // scenarios take this id and those after it for their projects
}

// scenario is a course of things that is played at a click: by the same ways that everybody goes, signed
// webhooks and signed clicks over HTTP.
type scenario struct {
	id, title, about string
	needs            func(*page) bool // nil: nothing but Slack and Prodege
	steps            []step
}

// step is one thing that happens, or that is waited for, in words for whoever watches.
type step struct {
	says string
	do   func(context.Context, *play) error
}

// play is a scenario on its way, with what its steps hand on.
type play struct {
	*page
	project prodege.ProjectID
	message Message
	stopped *Part  // by this scenario; nil: it has started again what it stopped
	step    int    // that is under way
	lacks   string // what it waits for, in words for when that does not come
}

const (
	// defaultStepLimit is how long a step may take; a second or two are usual, and some more after a restart.
	defaultStepLimit = time.Minute
	// defaultBreath is between two steps, so that people can follow.
	defaultBreath = 1200 * time.Millisecond
	// shortStep is what a step takes at most whose time is not worth telling.
	shortStep = 100 * time.Millisecond
)

// scenarioName begins the names of the scenarios' projects.
const scenarioName = "Scenario: "

// theatre plays one scenario at a time. Safe for concurrent use.
type theatre struct {
	news
	mu   sync.Mutex
	now  *performance // the newest; nil where none was played
	stop context.CancelCauseFunc
}

// errStopped ends a scenario that somebody stops.
var errStopped = errors.New("it was stopped on the page")

// performance is a scenario as it is watched.
type performance struct {
	Title   string
	Project prodege.ProjectID
	Steps   []stepView
	Over    bool
	Failed  string
	Stopped string // id of the part that it stopped and has not started again
}

// Verdict says how it ended; empty while it is played.
func (p performance) Verdict() string {
	switch {
	case !p.Over:
		return ""
	case p.Failed != "":
		return "“" + p.Title + "” did not come to its end: " + p.Failed + "."
	}
	return "“" + p.Title + "” was played to its end."
}

// stepView is a step and whether it is done, under way or to come.
type stepView struct {
	Says   string
	State  string // done, now, failed; empty: to come
	Took   string
	At, Of string // link to where it shows, and what that is called
}

// watch copies what is to be seen; nil where nothing was played.
func (t *theatre) watch() *performance {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now == nil {
		return nil
	}
	seen := *t.now
	seen.Steps = append([]stepView(nil), t.now.Steps...)
	return &seen
}

// begin starts a scenario in the background, unless one is on.
func (t *theatre) begin(p *page, s scenario) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now != nil && !t.now.Over {
		return fmt.Errorf("“%s” is being played: one at a time", t.now.Title)
	}
	on := &play{page: p, project: p.Cast.FirstProject}
	for known := true; known; { // an id that nobody has heard of, whatever was played before a restart
		if _, known = p.Prodege.Project(on.project); known {
			on.project++
		}
	}
	t.now = &performance{Title: s.title, Project: on.project}
	for _, st := range s.steps {
		t.now.Steps = append(t.now.Steps, stepView{Says: st.says})
	}
	ctx, stop := context.WithCancelCause(context.Background())
	t.stop = stop
	go t.run(ctx, on, s)
	return nil
}

// end stops the scenario that is played.
func (t *theatre) end() (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now == nil || t.now.Over {
		return "", errors.New("no scenario is being played")
	}
	t.stop(errStopped)
	return "Stopping “" + t.now.Title + "”.", nil
}

func (t *theatre) run(ctx context.Context, on *play, s scenario) {
	defer t.stop(nil)
	for i, st := range s.steps {
		on.step, on.lacks = i, ""
		t.change(func(p *performance) { p.Steps[i].State = "now" })
		if i > 0 { // people read what comes before it happens
			select {
			case <-ctx.Done():
			case <-time.After(on.Breath):
			}
		}
		began := time.Now()
		err := on.takes(ctx, st)
		if err != nil {
			err = errors.Join(err, on.mend())
		}
		t.change(func(p *performance) {
			p.Steps[i].State = "done"
			if took := time.Since(began); took > shortStep {
				p.Steps[i].Took = fmt.Sprintf("%.1f s", took.Seconds())
			}
			if err != nil {
				p.Steps[i].State, p.Failed, p.Over = "failed", strings.ReplaceAll(err.Error(), "\n", "; "), true
			}
		})
		if err != nil {
			return
		}
	}
	t.change(func(p *performance) { p.Over = true })
}

// takes takes a step, and says in words what did not come where it fails.
func (on *play) takes(ctx context.Context, st step) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	limited, cancel := context.WithTimeout(ctx, on.StepLimit)
	defer cancel()
	err := st.do(limited, on)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case !errors.Is(err, context.DeadlineExceeded):
		return err
	}
	said := fmt.Sprintf("%s within %g seconds", or(on.lacks, "this was not done"), on.StepLimit.Seconds())
	if why := on.hindrances(on.theatre.watch()); len(why) > 0 {
		said += ", while this was on: " + strings.Join(why, "; ")
	}
	return errors.New(said)
}

func (t *theatre) change(f func(*performance)) {
	t.mu.Lock()
	f(t.now)
	t.mu.Unlock()
	t.tell()
}

// scenarios are those that can be played with what there is.
func (p *page) scenarios() []scenario {
	if p.Slack == nil || p.Prodege == nil || p.Cast.Approver == "" {
		return nil
	}
	var list []scenario
	for _, s := range scenarios {
		if s.needs == nil || s.needs(p) {
			list = append(list, s)
		}
	}
	return list
}

// ofScenario says whether a scenario made a project.
func (p *page) ofScenario(project Project) bool {
	return p.Cast.FirstProject > 0 && project.ID >= p.Cast.FirstProject && strings.HasPrefix(project.Name, scenarioName)
}

// playScenario begins a scenario, or stops the one that is played.
func (p *page) playScenario(r *http.Request) (string, error) {
	if r.PostForm.Get("stop") != "" {
		return p.theatre.end()
	}
	for _, s := range p.scenarios() {
		if s.id == r.PostForm.Get("scenario") {
			return "Playing “" + s.title + "”: follow it step by step.", p.theatre.begin(p, s)
		}
	}
	return "", errors.New("there is no such scenario")
}

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

const (
	// defaultStepLimit is how long a step may take; a second or two are usual, and some more after a restart.
	defaultStepLimit = time.Minute
	// defaultBreath is between two steps, so that people can follow.
	defaultBreath = 1200 * time.Millisecond
	// shortStep is what a step takes at most whose time is not worth telling.
	shortStep = 100 * time.Millisecond
	// scenarioProjects is how many projects scenarios may make.
	scenarioProjects = 100_000
)

// player plays one scenario at a time. Safe for concurrent use.
type player struct {
	news
	mu   sync.Mutex
	now  *playback // the newest; nil if none was played
	stop context.CancelCauseFunc
}

// errStopped ends a scenario that somebody stops.
var errStopped = errors.New("it was stopped on the page")

// playback is a scenario as it is watched.
type playback struct {
	Title   string
	Project prodege.ProjectID
	Steps   []stepView
	Over    bool
	Failed  string
	Stopped string // id of the part that it stopped and has not started again
}

// stepView is a step and whether it is done, under way or to come.
type stepView struct {
	Says   string
	State  string // done, now, failed; empty: to come
	Took   string
	At, Of string // link to where it shows, and what that is called
}

// Verdict says how it ended; empty while it is played.
func (p playback) Verdict() string {
	switch {
	case !p.Over:
		return ""
	case p.Failed != "":
		return "“" + p.Title + "” did not come to its end: " + p.Failed + "."
	}
	return "“" + p.Title + "” was played to its end."
}

// watch copies what is to be seen; nil if nothing was played.
func (p *player) watch() *playback {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now == nil {
		return nil
	}
	seen := *p.now
	seen.Steps = append([]stepView(nil), p.now.Steps...)
	return &seen
}

// begin starts a scenario in the background, unless one is on.
func (p *page) begin(s Scenario) error {
	r := &p.player
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now != nil && !r.now.Over {
		return fmt.Errorf("“%s” is being played: one at a time", r.now.Title)
	}
	on := p.newPlay(p.watcher())
	r.now = &playback{Title: s.Title, Project: on.project}
	for _, st := range s.Steps {
		r.now.Steps = append(r.now.Steps, stepView{Says: st.Says})
	}
	ctx, stop := context.WithCancelCause(context.Background())
	r.stop = stop
	go func() {
		defer stop(nil)
		_ = on.run(ctx, s) // what failed stands at its step
		r.change(func(now *playback) { now.Over = true })
	}()
	return nil
}

// watcher writes down how the scenario goes.
func (p *page) watcher() Watcher {
	r := &p.player
	return Watcher{
		Began: func(i int) { r.change(func(now *playback) { now.Steps[i].State = "now" }) },
		Shows: func(i int, at, of string) {
			r.change(func(now *playback) { now.Steps[i].At, now.Steps[i].Of = at, of })
		},
		Part: func(id string) { r.change(func(now *playback) { now.Stopped = id }) },
		Ended: func(i int, _ Message, took time.Duration, err error) {
			failed := p.failure(err)
			r.change(func(now *playback) {
				now.Steps[i].State = "done"
				if took > shortStep {
					now.Steps[i].Took = fmt.Sprintf("%.1f s", took.Seconds())
				}
				if failed != "" {
					now.Steps[i].State, now.Failed = "failed", failed
				}
			})
		},
	}
}

// failure says in one line why a step failed, with what may have hindered it if something did not come in time.
func (p *page) failure(err error) string {
	if err == nil {
		return ""
	}
	said := strings.ReplaceAll(err.Error(), "\n", "; ")
	var late lateError
	if why := p.hindrances(p.player.watch()); errors.As(err, &late) && len(why) > 0 {
		said += ", while this was on: " + strings.Join(why, "; ")
	}
	return said
}

// end stops the scenario that is played.
func (p *player) end() (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now == nil || p.now.Over {
		return "", errors.New("no scenario is being played")
	}
	p.stop(errStopped)
	return "Stopping “" + p.now.Title + "”.", nil
}

func (p *player) change(f func(*playback)) {
	p.mu.Lock()
	f(p.now)
	p.mu.Unlock()
	p.tell()
}

// scenarios are those that the page offers: somebody may want to watch them, and nothing is lacking.
func (p *page) scenarios() (list []Scenario) {
	for _, s := range Scenarios {
		if s.About != "" && p.Lacks(s) == "" {
			list = append(list, s)
		}
	}
	return list
}

// ofScenario reports whether a scenario made a project.
func (p *page) ofScenario(project Project) bool {
	return p.Cast.FirstProject > 0 && project.ID >= p.Cast.FirstProject && project.ID < p.Cast.FirstProject+scenarioProjects
}

// playScenario begins a scenario, or stops the one that is played.
func (p *page) playScenario(r *http.Request) (string, error) {
	if r.PostForm.Get("stop") != "" {
		return p.player.end()
	}
	for _, s := range p.scenarios() {
		if s.Name == r.PostForm.Get("scenario") {
			return "Playing “" + s.Title + "”: follow it step by step.", p.begin(s)
		}
	}
	return "", errors.New("there is no such scenario")
}

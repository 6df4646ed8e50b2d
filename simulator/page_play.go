package simulator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"fieldmarshal/prodege"
)

// scenarioProjects is how many projects scenarios may make.
const scenarioProjects = 100_000

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
	Scenario
	Project prodege.ProjectID
	Now     []Progress // by step
	Over    bool
	Failed  string
	stopped string // id of the part that it stopped and has not started again
}

// Seconds says how long a step took; empty if that is not worth telling.
func (p Progress) Seconds() string {
	if p.Took < 100*time.Millisecond {
		return ""
	}
	return fmt.Sprintf("%.1f s", p.Took.Seconds())
}

// watch copies what is to be seen; nil if nothing was played.
func (p *player) watch() *playback {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now == nil {
		return nil
	}
	seen := *p.now
	seen.Now = slices.Clone(seen.Now)
	return &seen
}

func (p *player) change(f func(*playback)) {
	p.mu.Lock()
	f(p.now)
	p.mu.Unlock()
	p.tell()
}

// playScenario begins a scenario in the background, or stops the one that is played.
func (p *page) playScenario(r *http.Request) (string, error) {
	player := &p.player
	player.mu.Lock()
	defer player.mu.Unlock()
	playing := player.now != nil && !player.now.Over
	stop := r.PostForm.Get("stop") != ""
	s := find(p.Scenarios(), func(s Scenario) bool { return s.Name == r.PostForm.Get("scenario") })
	switch {
	case stop && !playing:
		return "", errors.New("no scenario is being played")
	case stop:
		player.stop(errStopped)
		return "Stopping “" + player.now.Title + "”.", nil
	case s == nil:
		return "", errors.New("there is no such scenario")
	case playing:
		return "", fmt.Errorf("“%s” is being played: one at a time", player.now.Title)
	}
	on := p.newPlay(p.watched)
	player.now = &playback{Scenario: *s, Project: on.project, Now: make([]Progress, len(s.Steps))}
	ctx, cancel := context.WithCancelCause(context.Background())
	player.stop = cancel
	go func() {
		defer cancel(nil)
		_ = on.run(ctx, *s) // what failed stands at its step
		player.change(func(now *playback) { now.Over = true })
	}()
	return "Playing “" + s.Title + "”: follow it step by step.", nil
}

// watched writes down how a step goes. If something did not come in time, that may be why.
func (p *page) watched(step Progress) {
	failed := ""
	if step.Err != nil {
		failed = strings.ReplaceAll(step.Err.Error(), "\n", "; ")
		var late lateError
		if why := p.hindrances(p.player.watch()); errors.As(step.Err, &late) && len(why) > 0 {
			failed += ", while this was on: " + strings.Join(why, "; ")
		}
	}
	p.player.change(func(now *playback) {
		now.Now[step.Step], now.Failed, now.stopped = step, failed, step.Stopped
	})
}

// Scenarios are those that the page offers: somebody may want to watch them, and nothing is lacking.
func (p *page) Scenarios() []Scenario {
	return only(Scenarios, func(s Scenario) bool { return s.About != "" && p.Lacks(s) == "" })
}

// ofScenario reports whether a scenario made a project.
func (p *page) ofScenario(id prodege.ProjectID) bool {
	first := p.Cast.FirstProject
	return first > 0 && id >= first && id < first+scenarioProjects
}

func (p *page) stoppedParts() []Part {
	return only(p.Parts, func(part Part) bool { return part.Stopped() })
}

// activeFaults are those that wait for a call, the oldest of each stand-in first.
func (p *page) activeFaults() (out []Fault) {
	for _, c := range p.standIns() {
		out = append(out, c.active()...)
	}
	return out
}

// hindrances are what a scenario may fail by: parts that are stopped and faults that are set, but for those that
// the scenario under way brought about by itself.
func (p *page) hindrances(now *playback) (out []string) {
	own := now != nil && !now.Over
	for _, part := range p.stoppedParts() {
		if !own || part.ID != now.stopped {
			out = append(out, part.Name+" is stopped")
		}
	}
	for _, f := range p.activeFaults() {
		if !own || f.Project != now.Project.String() {
			out = append(out, f.Name)
		}
	}
	return slices.Compact(out)
}

package activities

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"fieldmarshal/project"
)

// priority orders the calls that wait for their turn at Prodege; the lowest goes first.
type priority int

const (
	// forUpdate is an act whose project was just read. It precedes further reads, so that an acceptance that has begun is
	// also finished while others wait.
	forUpdate  priority = iota
	forAct              // reading a project before an act
	forPoll             // polling a project
	forFigures          // figures for a message
	priorities
)

// priorityOf returns the priority of a read.
func priorityOf(p project.Priority) priority {
	switch p {
	case project.PriorityAct:
		return forAct
	case project.PriorityPoll:
		return forPoll
	}
	return forFigures
}

// turns limits the rate of calls to Prodege, and orders those that wait: an act never waits for figures. A call whose turn
// would come after its context's deadline is given up at once. It is safe for concurrent use.
type turns struct {
	mu      sync.Mutex
	limit   *rate.Limiter
	waiting [priorities][]chan struct{} // in order of arrival; each is closed when its turn comes
	timer   *time.Timer                 // calls next when the first of them may go; nil if none waits
}

// newTurns limits calls to a rate per second, with a burst of the same number.
func newTurns(perSecond float64) *turns {
	return &turns{limit: rate.NewLimiter(rate.Limit(perSecond), int(math.Ceil(perSecond)))}
}

// wait returns nil when the call may be made, and errBusy if it should be given up.
func (t *turns) wait(ctx context.Context, p priority) error {
	turn, err := t.queue(ctx, p)
	if err != nil || turn == nil {
		return err
	}
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		t.leave(p, turn)
		return errBusy
	}
}

// queue takes a place. turn is nil if the call may be made at once.
func (t *turns) queue(ctx context.Context, p priority) (turn chan struct{}, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, ahead := time.Now(), 0
	for _, q := range t.waiting[:p+1] {
		ahead += len(q)
	}
	if deadline, ok := ctx.Deadline(); ctx.Err() != nil || ok && now.Add(t.until(now, ahead+1)).After(deadline) {
		return nil, errBusy
	}
	if ahead == 0 && t.limit.AllowN(now, 1) {
		return nil, nil
	}
	turn = make(chan struct{})
	t.waiting[p] = append(t.waiting[p], turn)
	if t.timer == nil {
		t.timer = time.AfterFunc(t.until(now, 1), t.next)
	}
	return turn, nil
}

// until returns how long it takes until that many calls may be made.
func (t *turns) until(now time.Time, calls int) time.Duration {
	missing := float64(calls) - t.limit.TokensAt(now)
	return time.Duration(math.Ceil(max(0, missing) / float64(t.limit.Limit()) * float64(time.Second)))
}

// next lets the calls go whose turn has come.
func (t *turns) next() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.timer = nil
	now := time.Now()
	for p := range t.waiting {
		for len(t.waiting[p]) > 0 {
			if !t.limit.AllowN(now, 1) {
				t.timer = time.AfterFunc(max(t.until(now, 1), time.Millisecond), t.next)
				return
			}
			close(t.waiting[p][0])
			t.waiting[p] = t.waiting[p][1:]
		}
	}
}

// leave gives up a place.
func (t *turns) leave(p priority, turn chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting[p] = slices.DeleteFunc(t.waiting[p], func(c chan struct{}) bool { return c == turn })
}

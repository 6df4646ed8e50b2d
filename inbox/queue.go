package inbox

import (
	"cmp"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"fieldmarshal/prodege"
)

const (
	// handovers is the limit of concurrent handovers. Measured on two cores: without a limit an ingress answers 1,000
	// events per second and starves the workers, who then finish 14.
	handovers = 8

	// outage is how many failures in a row mean that Temporal is down, rather than that one project is in trouble. Then
	// there is one handover at a time.
	outage = 8

	minDelay = 200 * time.Millisecond // after the first failure; doubles each time
	maxDelay = 5 * time.Second        // so that the end of an outage is noticed soon

	cached = 1024 // events kept in memory beside the disk, at most about 8 KiB each

	// An event is stuck if it has waited for a day and has been refused for an hour while others of its kind got through.
	// Without the hour, the first refusal after an outage of a day would count.
	stuckAfter = 24 * time.Hour
	stuckGrace = time.Hour

	// lately is how recently another event of the same kind must have got through to show that Temporal is up.
	lately = 10 * time.Minute
)

// ref is an event that waits.
type ref struct {
	record
	appended int64 // when it was appended, in Unix nanoseconds; 0: unknown
	project  prodege.ProjectID
	event    *prodege.Event // nil: read it from disk
}

// refOf reads only what the queue needs. What can't be read as an event goes to the lane of project 0.
func refOf(r record, text []byte) ref {
	var head struct {
		At    time.Time `json:"at"`
		Event struct {
			ProjectID prodege.ProjectID `json:"project_id"`
		} `json:"event"`
	}
	if json.Unmarshal(text, &head) != nil {
		return ref{record: r}
	}
	return ref{record: r, appended: head.At.UnixNano(), project: head.Event.ProjectID}
}

// lane is one project's events, in order; one at a time is handed over.
type lane struct {
	refs    []ref
	pause   *time.Timer // until its next attempt; nil: it is ready or being handed over
	refused refusal
}

// refusal is what is known about the refusals of a lane's first event.
type refusal struct {
	times      int
	since      time.Time // the first time
	passed     time.Time // when another of its kind first got through since then; zero: none did
	why        string    // the last time
	reported   bool      // that it is stuck
	othersPass bool      // others of its kind got through lately
}

func (l *lane) stuck(now time.Time) bool {
	passed, at := l.refused.passed, l.refs[0].appended
	return !passed.IsZero() && now.Sub(passed) >= stuckGrace && at != 0 && now.Sub(time.Unix(0, at)) >= stuckAfter
}

// queue is what waits, in memory: which lane is tried next, and when.
type queue struct {
	changed  chan struct{} // a lane may be ready
	now      func() time.Time
	maxDelay time.Duration

	mu       sync.Mutex
	lanes    map[prodege.ProjectID]*lane
	ready    []*lane                      // in the order of their turns
	passed   map[prodege.Source]time.Time // when an event of a kind was last handed over
	inMemory int
	busy     int
	failures int // in a row, of any lane
}

func newQueue(o Options) *queue {
	return &queue{changed: make(chan struct{}, 1), now: o.Now, maxDelay: o.maxDelay,
		lanes: map[prodege.ProjectID]*lane{}, passed: map[prodege.Source]time.Time{}}
}

// add appends refs to their lanes.
func (q *queue) add(refs []ref) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, r := range refs {
		if q.inMemory >= cached {
			r.event = nil
		}
		if r.event != nil {
			q.inMemory++
		}
		l := q.lanes[r.project]
		if l == nil {
			l = &lane{}
			q.lanes[r.project] = l
			q.push(l)
		}
		l.refs = append(l.refs, r)
	}
}

func (q *queue) push(l *lane) {
	q.ready = append(q.ready, l)
	wake(q.changed)
}

// next takes the lane whose turn it is, with the event to hand over, or returns nil. The lane may grow in the meantime, so
// only the queue may access its refs.
func (q *queue) next() (l *lane, first ref) {
	q.mu.Lock()
	defer q.mu.Unlock()
	limit := handovers
	if q.failures >= outage {
		limit = 1
	}
	if q.busy >= limit || len(q.ready) == 0 {
		return nil, ref{}
	}
	q.busy++
	l, q.ready = q.ready[0], q.ready[1:]
	return l, l.refs[0]
}

// done removes the first event from the lane. passed reports whether it was handed over, rather than turned into a dead
// letter.
func (q *queue) done(l *lane, kind prodege.Source, passed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	first := l.refs[0]
	if first.event != nil {
		q.inMemory--
	}
	l.refs[0] = ref{}
	l.refs, l.refused = l.refs[1:], refusal{}
	if len(l.refs) == 0 {
		delete(q.lanes, first.project)
	} else {
		q.push(l)
	}
	if q.failures >= outage { // which is over: no lane need wait any longer
		for _, other := range q.lanes {
			q.resume(other)
		}
	}
	if passed {
		q.passed[kind] = q.now()
	}
	q.failures = 0
	q.busy--
	wake(q.changed)
}

// resume ends a lane's pause.
func (q *queue) resume(l *lane) {
	if l.pause != nil {
		l.pause.Stop()
		l.pause = nil
		q.push(l)
	}
}

// failed lets the lane wait, twice as long each time, with jitter. It returns the refusals of its first event, and whether
// there should be an alarm that it is stuck.
func (q *queue) failed(l *lane, kind prodege.Source, why error) (r refusal, stuck bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now, r := q.now(), l.refused
	if r.times == 0 {
		r.since = now
	}
	last := q.passed[kind]
	if r.passed.IsZero() && !last.Before(r.since) {
		r.passed = last
	}
	r.othersPass = !r.passed.IsZero() && now.Sub(last) < lately
	delay := min(minDelay<<min(r.times, 10), q.maxDelay)
	r.times, r.why = r.times+1, cut(why.Error(), 500)
	l.refused = r
	stuck = l.stuck(now) && !r.reported
	l.refused.reported = r.reported || stuck
	l.pause = time.AfterFunc(delay/2+rand.N(delay/2+1), func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.resume(l)
	})
	q.failures++
	q.busy--
	wake(q.changed)
	return r, stuck
}

// waitingRef is an event that waits.
type waitingRef struct {
	ref
	why   string // it was refused the last time; empty: it was not
	stuck bool
}

// oldest returns up to limit waiting events, in the order in which they came.
func (q *queue) oldest(limit int) []waitingRef {
	q.mu.Lock()
	var all []waitingRef
	now := q.now()
	for _, l := range q.lanes {
		for i, r := range l.refs[:min(len(l.refs), limit)] {
			s := waitingRef{ref: r}
			if i == 0 {
				s.why, s.stuck = l.refused.why, l.stuck(now)
			}
			all = append(all, s)
		}
	}
	q.mu.Unlock()
	slices.SortFunc(all, func(a, b waitingRef) int { return cmp.Compare(a.number, b.number) })
	return all[:min(len(all), limit)]
}

// depth returns how many events wait, how many of them are stuck, and when the oldest was appended, in Unix nanoseconds (0
// if none waits).
func (q *queue) depth() (n, stuck int, oldest int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	for _, l := range q.lanes {
		n += len(l.refs)
		if at := l.refs[0].appended; at != 0 && (oldest == 0 || at < oldest) {
			oldest = at
		}
		if l.stuck(now) {
			stuck++
		}
	}
	return n, stuck, oldest
}

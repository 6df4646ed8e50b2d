package inbox

import (
	"cmp"
	"container/heap"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"fieldmarshal/prodege"
)

const (
	// How many handovers are under way at most. Measured on two cores: an ingress that hands over without a bound
	// answers 1,000 events a second and starves the workers, who then finish 14.
	handovers = 8

	// How many failures in a row, with no success between them, mean that Temporal is away rather than one project in
	// trouble: then one handover at a time tries.
	outage = 8

	firstPause   = 200 * time.Millisecond // after the first failure, doubling
	longestPause = 5 * time.Second        // so that an end of an outage is noticed soon

	cached = 1024 // events kept in memory beside the disk, at most about 8 KiB each
)

// ref is an event that waits.
type ref struct {
	record
	appended int64 // when it was appended, Unix nanoseconds
	project  prodege.ProjectID
	event    *prodege.Event // nil: read it from disk
}

// refOf reads only what the queue needs. What can't be read as an event has a lane of its own (project 0).
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
	refs     []ref
	failures int       // of the first ref
	due      time.Time // not before; zero: at once
	turn     uint64    // order among lanes that are due
}

// queue is what waits, in memory: which lane is tried next, and when.
type queue struct {
	changed chan struct{} // something may be due earlier than was said

	mu       sync.Mutex
	lanes    map[prodege.ProjectID]*lane
	ready    laneHeap
	inMemory int
	turns    uint64
	busy     int
	failures int // in a row, of any lane
}

func newQueue() *queue {
	return &queue{changed: make(chan struct{}, 1), lanes: map[prodege.ProjectID]*lane{}}
}

// add appends refs to their lanes.
func (q *queue) add(refs []ref) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, r := range refs {
		if r.event != nil {
			if q.inMemory < cached {
				q.inMemory++
			} else {
				r.event = nil
			}
		}
		l := q.lanes[r.project]
		if l == nil {
			l = &lane{}
			q.lanes[r.project] = l
			q.push(l)
		}
		l.refs = append(l.refs, r)
	}
	q.tell()
}

func (q *queue) push(l *lane) {
	q.turns++
	l.turn = q.turns
	heap.Push(&q.ready, l)
}

func (q *queue) tell() {
	select {
	case q.changed <- struct{}{}:
	default:
	}
}

// next takes the lane that is due first, with the event to hand over, or returns how long it is until one is due, 0 if
// none will be by itself. The lane grows while that event is under way: only the queue may look into it.
func (q *queue) next(now time.Time) (l *lane, first ref, wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	most := handovers
	if q.failures >= outage {
		most = 1
	}
	if q.busy >= most || len(q.ready) == 0 {
		return nil, ref{}, 0
	}
	if wait := q.ready[0].due.Sub(now); wait > 0 {
		return nil, ref{}, wait
	}
	q.busy++
	l = heap.Pop(&q.ready).(*lane)
	return l, l.refs[0], 0
}

// succeeded takes the first event off the lane.
func (q *queue) succeeded(l *lane) {
	q.mu.Lock()
	defer q.mu.Unlock()
	first := l.refs[0]
	if first.event != nil {
		q.inMemory--
	}
	l.refs[0] = ref{}
	l.refs = l.refs[1:]
	l.failures, l.due = 0, time.Time{}
	q.busy--
	if len(l.refs) == 0 {
		delete(q.lanes, first.project)
	} else {
		q.push(l)
	}
	if q.failures >= outage { // it is over: no lane waits any longer
		for _, other := range q.ready {
			other.due = time.Time{}
		}
		heap.Init(&q.ready)
	}
	q.failures = 0
	q.tell()
}

// failed lets the lane wait, twice as long each time, with jitter. It reports whether this was the first failure.
func (q *queue) failed(l *lane, now time.Time) (first bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	first = l.failures == 0
	pause := min(firstPause<<min(l.failures, 10), longestPause)
	l.failures++
	l.due = now.Add(pause/2 + rand.N(pause/2+1))
	q.failures++
	q.busy--
	q.push(l)
	q.tell()
	return first
}

// oldest returns up to most of what waits, in the order in which it came.
func (q *queue) oldest(most int) []ref {
	q.mu.Lock()
	var all []ref
	for _, l := range q.lanes {
		all = append(all, l.refs[:min(len(l.refs), most)]...)
	}
	q.mu.Unlock()
	slices.SortFunc(all, func(a, b ref) int { return cmp.Compare(a.number, b.number) })
	return all[:min(len(all), most)]
}

// depth returns how many events wait, and when the oldest was appended (Unix nanoseconds, 0 if none waits).
func (q *queue) depth() (n int, oldest int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, l := range q.lanes {
		n += len(l.refs)
		if at := l.refs[0].appended; at != 0 && (oldest == 0 || at < oldest) {
			oldest = at
		}
	}
	return n, oldest
}

// laneHeap is a container/heap, by when a lane is due, then by its turn.
type laneHeap []*lane

func (h laneHeap) Len() int { return len(h) }
func (h laneHeap) Less(i, j int) bool {
	if !h[i].due.Equal(h[j].due) {
		return h[i].due.Before(h[j].due)
	}
	return h[i].turn < h[j].turn
}
func (h laneHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *laneHeap) Push(x any)   { *h = append(*h, x.(*lane)) }
func (h *laneHeap) Pop() any {
	old := *h
	l := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return l
}

package inbox

import (
	"container/heap"
	"encoding/json"
	"math/rand/v2"
	"sync"
	"time"

	"fieldmarshal/prodege"
)

const (
	// At most so many hand-overs at a time. Measured on two cores: a door that hands over without a bound
	// answers 1,000 events a second and starves the workers, who then finish 14.
	handOvers = 8

	// So many failures in a row, with no success between, mean that Temporal is away rather than one project
	// troubled: then one hand-over at a time tries.
	outage = 8

	firstPause   = 200 * time.Millisecond // after the first failure, doubling
	longestPause = 5 * time.Second        // so that an end of an outage is noticed soon

	cached = 1024 // events kept in memory beside the disk, at most about 8 KiB each
)

// ref is an event that waits.
type ref struct {
	seq     uint64
	at      int64 // when it was appended, Unix nanoseconds
	project prodege.ProjectID
	event   *prodege.Event // nil: read it from disk
}

// refOf reads only what the queue needs. A damaged value has a lane of its own (project 0).
func refOf(seq uint64, value []byte) ref {
	var head struct {
		At    time.Time `json:"at"`
		Event struct {
			ProjectID prodege.ProjectID `json:"project_id"`
		} `json:"event"`
	}
	if len(value) < 4 || json.Unmarshal(value[4:], &head) != nil {
		return ref{seq: seq}
	}
	return ref{seq: seq, at: head.At.UnixNano(), project: head.Event.ProjectID}
}

// lane is one project's events, in order; one at a time is handed over.
type lane struct {
	refs     []ref
	failures int       // of the first ref
	due      time.Time // not before; zero: at once
	turn     uint64    // order among lanes that are due
	index    int       // in the heap; -1: not in it
}

// queue is what waits, in memory: which lane is tried next, and when.
type queue struct {
	changed chan struct{} // something may be due earlier than was said

	mu       sync.Mutex
	lanes    map[prodege.ProjectID]*lane
	ready    laneHeap
	listed   map[uint64]bool // every seq in lanes
	inMemory int
	turns    uint64
	busy     int
	failures int // in a row, of any lane
}

func newQueue() *queue {
	return &queue{changed: make(chan struct{}, 1), lanes: map[prodege.ProjectID]*lane{}, listed: map[uint64]bool{}}
}

// add appends refs to their lanes, but those that are listed already or done.
func (q *queue) add(refs []ref, done map[uint64]bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, r := range refs {
		if q.listed[r.seq] || done[r.seq] {
			continue
		}
		q.listed[r.seq] = true
		if r.event != nil {
			if q.inMemory < cached {
				q.inMemory++
			} else {
				r.event = nil
			}
		}
		l := q.lanes[r.project]
		if l == nil {
			l = &lane{index: -1}
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

// next takes the lane that is due first, with the event to hand over, or says how long until one is due; 0 where
// none will be by itself. The lane grows while that event is under way: only the queue may look into it.
func (q *queue) next(now time.Time) (l *lane, first ref, wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	most := handOvers
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
	delete(q.listed, first.seq)
	l.refs[0] = ref{}
	l.refs = l.refs[1:]
	l.failures, l.due = 0, time.Time{}
	q.busy--
	if len(l.refs) == 0 {
		delete(q.lanes, first.project)
	} else {
		q.push(l)
	}
	if q.failures >= outage { // it is over: nobody waits any longer
		for _, other := range q.ready {
			other.due = time.Time{}
		}
		heap.Init(&q.ready)
	}
	q.failures = 0
	q.tell()
}

// failed lets the lane wait, twice as long each time, with jitter.
func (q *queue) failed(l *lane, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	pause := min(firstPause<<min(l.failures, 10), longestPause)
	l.failures++
	l.due = now.Add(pause/2 + rand.N(pause/2+1))
	q.failures++
	q.busy--
	q.push(l)
	q.tell()
}

// depth says how many events wait, and since when the oldest does (Unix nanoseconds, 0 where none does).
func (q *queue) depth() (n int, oldest int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, l := range q.lanes {
		n += len(l.refs)
		if at := l.refs[0].at; at != 0 && (oldest == 0 || at < oldest) {
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
func (h laneHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *laneHeap) Push(x any) {
	l := x.(*lane)
	l.index = len(*h)
	*h = append(*h, l)
}
func (h *laneHeap) Pop() any {
	old := *h
	l := old[len(old)-1]
	old[len(old)-1], l.index = nil, -1
	*h = old[:len(old)-1]
	return l
}

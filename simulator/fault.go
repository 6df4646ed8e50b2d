package simulator

import (
	"bytes"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// FaultKind says what goes wrong with a call.
type FaultKind string

// The kinds. Those marked "before" have no effect on the stand-in's state; the others have the whole.
const (
	AnswerCode  FaultKind = "answer_code"  // before: the protocol's own error, see Fault.Code
	HTTPStatus  FaultKind = "http_status"  // before: an HTTP status with a page that is no protocol, see Fault.Status
	RateLimited FaultKind = "rate_limited" // before: 429 with Retry-After (Slack, billing), code 103 (Prodege)
	CutBefore   FaultKind = "cut_before"   // before: the connection is cut before anything was done
	LostAnswer  FaultKind = "lost_answer"  // after: done, then the connection is cut without an answer
	LateAnswer  FaultKind = "late_answer"  // after: done, and answered after Fault.Delay
)

// Fault is one thing that goes wrong. Empty selectors match every call.
type Fault struct {
	Kind    FaultKind
	Method  string // Slack: "chat.postMessage", or "response" for response_url; Prodege: "project-update"; billing: ""
	Channel string // Slack only: id of a channel
	Project string // Prodege only: a project id in digits

	After int // so many matching calls go well first
	Times int // how many calls fail; 0 is one, negative is all until ClearFaults

	Code       string        // AnswerCode: "not_in_channel" (Slack), "100" (Prodege)
	Status     int           // HTTPStatus: 0 is 503
	RetryAfter time.Duration // RateLimited: whole seconds; 0 is one second
	Delay      time.Duration // LateAnswer

	id    int    // among those of its stand-in
	label string // what the page calls it
}

// call is what a fault is matched against.
type call struct{ method, channel, project string }

func (f *Fault) matches(c call) bool {
	return (f.Method == "" || f.Method == c.method) &&
		(f.Channel == "" || f.Channel == c.channel) &&
		(f.Project == "" || f.Project == c.project)
}

// faults is embedded by each stand-in; its methods are part of their API. Safe for concurrent use.
type faults struct {
	mu    sync.Mutex
	queue []*Fault
	last  int // id of the newest
	fired map[FaultKind]int
}

// Inject puts a fault in front of the calls it matches. Where several match, the oldest acts first.
func (f *faults) Inject(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fault.Times == 0 {
		fault.Times = 1
	}
	f.last++
	fault.id = f.last
	f.queue = append(f.queue, &fault)
}

// Fired says how many calls met a fault of that kind so far.
func (f *faults) Fired(kind FaultKind) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fired[kind]
}

// Pending says how many injected faults have not fired as often as they should; faults without end don't count.
func (f *faults) Pending() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, q := range f.queue {
		if q.Times > 0 {
			n++
		}
	}
	return n
}

// ClearFaults takes away all faults. The counts stay.
func (f *faults) ClearFaults() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = nil
}

// take gives the fault that this call meets, nil if it meets none.
func (f *faults) take(c call) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, q := range f.queue {
		if !q.matches(c) {
			continue
		}
		if q.After > 0 {
			q.After--
			continue
		}
		if f.fired == nil {
			f.fired = map[FaultKind]int{}
		}
		f.fired[q.Kind]++
		taken := *q
		if q.Times > 0 {
			if q.Times--; q.Times == 0 {
				f.queue = append(f.queue[:i], f.queue[i+1:]...)
			}
		}
		return &taken
	}
	return nil
}

// retryAfter is the header's value in whole seconds.
func (f *Fault) retryAfter() string {
	return strconv.Itoa(max(1, int(f.RetryAfter/time.Second)))
}

func (f *Fault) status() int {
	if f.Status == 0 {
		return http.StatusServiceUnavailable
	}
	return f.Status
}

// before lets a fault act that comes before the call has any effect. done means that it answered.
// AnswerCode and RateLimited are the protocol's business and are left to the caller.
func (f *Fault) before(w http.ResponseWriter) (done bool) {
	if f == nil {
		return false
	}
	switch f.Kind {
	case CutBefore:
		panic(http.ErrAbortHandler) // net/http cuts the connection and logs nothing
	case HTTPStatus:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(f.status())
		_, _ = w.Write([]byte("<html><body>" + http.StatusText(f.status()) + "</body></html>"))
		return true
	}
	return false
}

// after lets the fault act once the call is done and its answer is ready.
func (f *Fault) after(r *http.Request) {
	if f == nil {
		return
	}
	switch f.Kind {
	case LostAnswer:
		panic(http.ErrAbortHandler)
	case LateAnswer:
		select {
		case <-time.After(f.Delay):
		case <-r.Context().Done():
		}
	}
}

// answer is an HTTP answer that is ready and not sent yet.
type answer struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (a *answer) send(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes())
}

package simulator

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// counterparty is what the stand-ins have in common: the lock of their state, news of its changes, faults in front of
// their calls, and complaints. It is embedded, and its exported methods are part of their API. Safe for concurrent use.
type counterparty struct {
	news
	mu         sync.Mutex
	name       string // of the stand-in, for the keys of its faults
	faults     []Fault
	injected   int // faults so far
	fired      map[FaultKind]int
	complaints []string
}

// lock locks the state and returns what unlocks it: defer c.lock()().
func (c *counterparty) lock() (unlock func()) {
	c.mu.Lock()
	return c.mu.Unlock
}

// changing is lock for a change, which is told when it is done.
func (c *counterparty) changing() (done func()) {
	c.mu.Lock()
	return func() {
		c.mu.Unlock()
		c.tell()
	}
}

// Complaints lists what the real counterparty would refuse or show badly and a caller should not do: calls and
// parameters that there are not, blocks without a fallback text, an idempotency key that comes with another body.
func (c *counterparty) Complaints() []string {
	defer c.lock()()
	return slices.Clone(c.complaints)
}

// complain is called with the lock held.
func (c *counterparty) complain(format string, args ...any) {
	c.complaints = keep(c.complaints, fmt.Sprintf(format, args...))
}

// maxKept bounds what is kept of everything that came: enough for any test, and cmd/dev runs for days.
const maxKept = 5000

// keep appends to a list of which only the newest thousands are kept.
func keep[T any](list []T, one T) []T {
	if len(list) >= maxKept {
		list = append(list[:0], list[maxKept/2:]...)
	}
	return append(list, one)
}

// find gives the element of a list that satisfies is; nil if none does.
func find[T any](list []T, is func(T) bool) *T {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return &list[i]
	}
	return nil
}

// only gives the elements of a list that satisfy is.
func only[T any](list []T, is func(T) bool) (out []T) {
	for _, one := range list {
		if is(one) {
			out = append(out, one)
		}
	}
	return out
}

// FaultKind says what goes wrong with a call.
type FaultKind string

// The kinds. Those marked "before" have no effect on the stand-in's state; the others have the whole.
const (
	AnswerCode  FaultKind = "answer_code"  // before: the protocol's own error, see Fault.Code; billing answers Fault.Status or 422
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

	Name string // what the page calls it
	Key  string // names it among all that were injected, as in "slack-1"; filled in
}

// call is what a fault is matched against.
type call struct{ method, channel, project string }

func (f *Fault) matches(c call) bool {
	return (f.Method == "" || f.Method == c.method) &&
		(f.Channel == "" || f.Channel == c.channel) &&
		(f.Project == "" || f.Project == c.project)
}

// hides reports whether the call is not done, nor answered by the protocol.
func (f Fault) hides() bool { return f.Kind == CutBefore || f.Kind == HTTPStatus }

// Inject puts a fault in front of the calls it matches. If several match, the oldest acts first.
func (c *counterparty) Inject(fault Fault) {
	defer c.lock()()
	c.injected++
	fault.Times, fault.Key = cmp.Or(fault.Times, 1), fmt.Sprintf("%s-%d", c.name, c.injected)
	fault.Name = cmp.Or(fault.Name, strings.Join([]string{string(fault.Kind), fault.Method, fault.Code}, " "))
	c.faults = append(c.faults, fault)
}

// Fired says how many calls met a fault of that kind so far.
func (c *counterparty) Fired(kind FaultKind) int {
	defer c.lock()()
	return c.fired[kind]
}

// Pending says how many injected faults have not fired as often as they should; faults without end don't count.
func (c *counterparty) Pending() int {
	return len(only(c.active(), func(f Fault) bool { return f.Times > 0 }))
}

// ClearFaults takes away the faults with those keys, or all. The counts stay.
func (c *counterparty) ClearFaults(keys ...string) {
	defer c.lock()()
	c.faults = slices.DeleteFunc(c.faults, func(f Fault) bool { return keys == nil || slices.Contains(keys, f.Key) })
}

// active copies the faults that wait for a call.
func (c *counterparty) active() []Fault {
	defer c.lock()()
	return slices.Clone(c.faults)
}

// take gives the fault that a call meets, the zero Fault if it meets none.
func (c *counterparty) take(of call) Fault {
	defer c.lock()()
	for i := range c.faults {
		f := &c.faults[i]
		switch {
		case !f.matches(of):
			continue
		case f.After > 0:
			f.After--
			continue
		}
		if c.fired == nil {
			c.fired = map[FaultKind]int{}
		}
		c.fired[f.Kind]++
		taken := *f
		if f.Times > 0 {
			f.Times--
		}
		if f.Times == 0 {
			c.faults = slices.Delete(c.faults, i, i+1)
		}
		return taken
	}
	return Fault{}
}

// answer is what a call is answered.
type answer struct {
	status int
	header http.Header // may be nil
	body   []byte
}

func jsonAnswer(body any) answer {
	return answer{http.StatusOK, http.Header{"Content-Type": {"application/json; charset=utf-8"}}, encode(body)}
}

// encode gives the JSON of what is known to have one.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("simulator: " + err.Error())
	}
	return b
}

// copyJSON brings what was checked already into a typed copy.
func copyJSON(from, to any) {
	if err := json.Unmarshal(encode(from), to); err != nil {
		panic("simulator: what was checked does not decode: " + err.Error())
	}
}

// serve answers a call with the fault that it meets. do checks and does the call, records it, and gives the answer; if
// the fault hides the call, it only records it, and its answer is not sent.
func (c *counterparty) serve(w http.ResponseWriter, r *http.Request, of call, do func(Fault) answer) {
	fault := c.take(of)
	a := do(fault)
	c.tell() // at once, however late the answer goes out
	switch fault.Kind {
	case CutBefore, LostAnswer:
		panic(http.ErrAbortHandler) // net/http cuts the connection and logs nothing
	case HTTPStatus:
		a.status = cmp.Or(fault.Status, http.StatusServiceUnavailable)
		a.header, a.body = http.Header{"Content-Type": {"text/html"}}, []byte("<html><body>"+http.StatusText(a.status)+"</body></html>")
	case LateAnswer:
		_ = pause(r.Context(), fault.Delay)
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	if a.status == http.StatusTooManyRequests && a.header.Get("Retry-After") == "" {
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(fault.RetryAfter/time.Second))))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// pause waits, unless ctx ends before.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// news tells that something changed, to those who wait for it and to live pages. Safe for concurrent use.
type news struct {
	telling sync.Mutex
	changed chan struct{} // closed and replaced at each change
}

// Changed gives a channel that is closed at the next change.
func (n *news) Changed() <-chan struct{} {
	n.telling.Lock()
	defer n.telling.Unlock()
	if n.changed == nil {
		n.changed = make(chan struct{})
	}
	return n.changed
}

func (n *news) tell() {
	n.telling.Lock()
	defer n.telling.Unlock()
	if n.changed != nil {
		close(n.changed)
		n.changed = nil
	}
}

// await looks at once and after each change, until look is satisfied or ctx ends.
func (n *news) await(ctx context.Context, what string, look func() bool) error {
	for {
		changed := n.Changed() // before the look, so that nothing falls between
		if look() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		}
	}
}

// wait waits until something in a list satisfies is, and gives the newest that does.
func wait[T any](ctx context.Context, n *news, what string, all func() []T, is func(T) bool) (found T, err error) {
	err = n.await(ctx, what, func() bool {
		for _, one := range slices.Backward(all()) {
			if is(one) {
				found = one
				return true
			}
		}
		return false
	})
	return found, err
}

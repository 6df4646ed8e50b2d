package ingress

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
)

// Bodies are read before anything is known of their sender, so what they may take is bounded:
//
//   - Buffers grow with what came, whatever length was declared, up to 64 KiB.
//   - A body of at most 64 KiB is read at once; Prodege's have about 1 KiB. Connections are bounded (see Listener),
//     and so is what such bodies can hold together. Then it is worked on together with at most 255 others.
//   - The rest of a larger one is read together with at most 15 others, and they are worked on one at a time, so that
//     the other processors stay free.
//   - A turn is waited for at most a second. Then the answer is 500, the only one after which Prodege is known to send
//     again.
const (
	// maxBody is the most that a request may hold. Slack's payloads, which carry the whole message, have up to some
	// 100 KiB.
	maxBody = 1 << 20
	// smallBody is the most of a body that is read without a turn.
	smallBody = 64 << 10

	smallAtOnce = 256
	largeAtOnce = 16

	turnTimeout = time.Second
)

// bodies hands out turns.
type bodies struct {
	work      chan struct{} // requests with small bodies that are worked on
	large     chan struct{} // large bodies that are read or worked on
	largeWork chan struct{} // the one large body that is worked on
}

func newBodies() bodies {
	return bodies{work: make(chan struct{}, smallAtOnce), large: make(chan struct{}, largeAtOnce), largeWork: make(chan struct{}, 1)}
}

// body is what came, with the turns that it has until release.
type body struct {
	bytes       []byte
	turn, place chan struct{}
}

// parsed gives up the one turn that large bodies have; what follows waits for a disk, not for a processor.
func (b *body) parsed() {
	if b.place != nil && b.turn != nil {
		<-b.turn
		b.turn = nil
	}
}

// release gives up all turns.
func (b *body) release() {
	for _, turn := range []*chan struct{}{&b.turn, &b.place} {
		if *turn != nil {
			<-*turn
			*turn = nil
		}
	}
}

// bodyFault says how to answer a request whose body can't be had.
type bodyFault struct {
	status int
	cause  string
	text   string
}

var errBusy = &bodyFault{http.StatusInternalServerError, causeBusy, "too many requests are under way: please send it again"}

// readBody reads the whole body and waits for its turn. On a fault it gives what came. release must be called either
// way.
func (in *Ingress) readBody(c *gin.Context) (b body, fault *bodyFault) {
	r := c.Request.Body
	deadline := timeout{limit: turnTimeout}
	defer deadline.stop()
	size := int(min(max(c.Request.ContentLength, 0), 4<<10)) + 1
	b.bytes = make([]byte, 0, size)
	err := readUpTo(r, &b.bytes, smallBody+1)
	if err == nil {
		if !deadline.acquire(in.bodies.large) {
			return b, errBusy
		}
		b.place = in.bodies.large
		if declared := c.Request.ContentLength; declared > int64(len(b.bytes)) && declared <= maxBody {
			b.bytes = slices.Grow(b.bytes, int(declared)-len(b.bytes)+1) // few can do so at a time
		}
		err = readUpTo(r, &b.bytes, maxBody+2)
	}
	var tooLarge *http.MaxBytesError
	switch {
	case len(b.bytes) > maxBody || errors.As(err, &tooLarge): // decompressed, or as it came
		return b, &bodyFault{http.StatusRequestEntityTooLarge, causeTooLarge, fmt.Sprintf("the body is larger than %d bytes", maxBody)}
	case notGzip(err):
		return b, &bodyFault{http.StatusUnsupportedMediaType, causeCompressed, "the body can't be decompressed: " + err.Error()}
	case err != io.EOF:
		return b, &bodyFault{http.StatusInternalServerError, causeUnreadable, "the body could not be read to its end: please send it again"}
	}
	turn := in.bodies.work
	if b.place != nil {
		turn = in.bodies.largeWork
	}
	if !deadline.acquire(turn) {
		return b, errBusy
	}
	b.turn = turn
	return b, nil
}

// readUpTo reads until to holds limit bytes, or the error that ended it, io.EOF at the end.
func readUpTo(r io.Reader, to *[]byte, limit int) error {
	for len(*to) < limit {
		if len(*to) == cap(*to) {
			*to = append(*to, 0)[:len(*to)]
		}
		n, err := r.Read((*to)[len(*to):min(cap(*to), limit)])
		*to = (*to)[:len(*to)+n]
		if err != nil {
			return err
		}
	}
	return nil
}

// timeout is a limit to waiting that costs nothing until something is waited for.
type timeout struct {
	limit time.Duration
	timer *time.Timer
}

// acquire takes a turn, or reports false at the time limit.
func (t *timeout) acquire(turns chan struct{}) bool {
	select {
	case turns <- struct{}{}:
		return true
	default:
	}
	if t.timer == nil {
		t.timer = time.NewTimer(t.limit)
	}
	select {
	case turns <- struct{}{}:
		return true
	case <-t.timer.C:
		t.timer.Reset(0) // what is asked for next gets no time either
		return false
	}
}

func (t *timeout) stop() {
	if t.timer != nil {
		t.timer.Stop()
	}
}

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

// Bodies are read before anything is known about their sender, so they are limited:
//
//   - Up to 64 KiB, buffers grow with the bytes that came, whatever length was declared.
//   - A body of at most 64 KiB is read at once; Prodege's have about 1 KiB. The number of connections is limited (see
//     Listener), which limits the memory for such bodies. At most 256 of them are processed concurrently.
//   - The rest of at most 16 larger ones is read concurrently, and they are processed one at a time, so that the other
//     processors stay free.
//   - A request waits for its turn for at most a second. Then the answer is 500, the only one after which Prodege is known
//     to repeat a delivery.
const (
	// maxBody is the largest body of a request. Slack's payloads, which contain the whole message, have up to about 100 KiB.
	maxBody = 1 << 20
	// smallBody is how much of a body is read without a turn.
	smallBody = 64 << 10

	smallAtOnce = 256
	largeAtOnce = 16

	turnTimeout = time.Second
)

// bodies are semaphores.
type bodies struct {
	work      chan struct{} // small bodies being processed
	large     chan struct{} // large bodies being read or processed
	largeWork chan struct{} // the large body being processed
}

func newBodies() bodies {
	return bodies{work: make(chan struct{}, smallAtOnce), large: make(chan struct{}, largeAtOnce), largeWork: make(chan struct{}, 1)}
}

// body is the body of a request, with the turns that it has until release.
type body struct {
	bytes       []byte
	turn, place chan struct{}
}

// parsed gives up the turn of a large body: what follows waits for the disk and needs no processor.
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

// bodyFault says how to answer a request whose body can't be read.
type bodyFault struct {
	status int
	cause  string
	text   string
}

var errBusy = &bodyFault{http.StatusInternalServerError, causeBusy, "too many requests are in progress: please send it again"}

// readBody reads the whole body and waits for its turn. With a fault it returns what came. release must be called either way.
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
			b.bytes = slices.Grow(b.bytes, int(declared)-len(b.bytes)+1) // only a few requests can do so concurrently
		}
		err = readUpTo(r, &b.bytes, maxBody+2)
	}
	var tooLarge *http.MaxBytesError
	switch {
	case len(b.bytes) > maxBody || errors.As(err, &tooLarge): // after or before decompression
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

// readUpTo reads until to has limit bytes, and returns the error that ended it earlier, which is io.EOF at the end.
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

// timeout is a time limit for several waits, whose timer is only created if one has to wait.
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
		t.timer.Reset(0) // the next wait must end at once, too
		return false
	}
}

func (t *timeout) stop() {
	if t.timer != nil {
		t.timer.Stop()
	}
}

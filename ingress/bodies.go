package ingress

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"fieldmarshal/prodege"
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
//
// Prodege compresses nothing, but a proxy on the way may. The signature covers the uncompressed body, so one in gzip is
// decompressed while it is read, and the limits apply before and after. The standard library has no other common encoding.
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
	if b.place != nil {
		leave(&b.turn)
	}
}

// release gives up all turns.
func (b *body) release() {
	leave(&b.turn)
	leave(&b.place)
}

func leave(turn *chan struct{}) {
	if *turn != nil {
		<-*turn
		*turn = nil
	}
}

// acquire takes a turn, or reports false when waiting has taken the time that is left.
func acquire(turns chan struct{}, left *time.Duration) bool {
	select {
	case turns <- struct{}{}:
		return true
	default:
	}
	start := time.Now()
	select {
	case turns <- struct{}{}:
		*left -= time.Since(start)
		return true
	case <-time.After(*left):
		return false
	}
}

var errBusy = refused(http.StatusInternalServerError, "busy", "too many requests are in progress: please send it again")

func refused(status int, cause, detail string) *refusal {
	return &refusal{status: status, Refusal: prodege.Refusal{Cause: cause, Detail: detail}}
}

// readBody reads and decompresses the whole body and waits for its turn. If it can't, it says how to answer, and returns what
// came. release must be called either way.
func (in *Ingress) readBody(c *gin.Context) (b body, fault *refusal) {
	var r io.Reader = c.Request.Body
	switch encoding := c.GetHeader("Content-Encoding"); strings.ToLower(encoding) {
	case "", "identity":
	case "gzip", "x-gzip":
		r = &gunzip{compressed: r}
	default:
		return b, refused(http.StatusUnsupportedMediaType, causeCompressed,
			fmt.Sprintf("the body is encoded as %+.40q, and only gzip is supported", encoding))
	}
	left := turnTimeout
	b.bytes = make([]byte, 0, int(min(max(c.Request.ContentLength, 0), 4<<10))+1)
	err := readUpTo(r, &b.bytes, smallBody+1)
	if err == nil {
		if !acquire(in.bodies.large, &left) {
			return b, errBusy
		}
		b.place = in.bodies.large
		if declared := c.Request.ContentLength; declared > int64(len(b.bytes)) && declared <= maxBody {
			b.bytes = slices.Grow(b.bytes, int(declared)-len(b.bytes)+1) // only a few requests can do so concurrently
		}
		err = readUpTo(r, &b.bytes, maxBody+2)
	}
	_, tooLarge := errors.AsType[*http.MaxBytesError](err)
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	switch {
	case len(b.bytes) > maxBody || tooLarge: // after or before decompression
		return b, refused(http.StatusRequestEntityTooLarge, causeTooLarge, fmt.Sprintf("the body is larger than %d bytes", maxBody))
	case corrupt || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum): // rather than cut off
		return b, refused(http.StatusUnsupportedMediaType, causeCompressed, "the body can't be decompressed: "+err.Error())
	case err != io.EOF:
		return b, refused(http.StatusInternalServerError, causeUnreadable, "the body could not be read to its end: please send it again")
	}
	turn := in.bodies.work
	if b.place != nil {
		turn = in.bodies.largeWork
	}
	if !acquire(turn, &left) {
		return b, errBusy
	}
	b.turn = turn
	return b, nil
}

// readUpTo reads until to has limit bytes, and returns the error that ended it earlier, which is io.EOF at the end.
func readUpTo(r io.Reader, to *[]byte, limit int) error {
	for len(*to) < limit {
		*to = slices.Grow(*to, 1)
		n, err := r.Read((*to)[len(*to):min(cap(*to), limit)])
		*to = (*to)[:len(*to)+n]
		if err != nil {
			return err
		}
	}
	return nil
}

// gunzip is a gzip.Reader that reads nothing before its first Read.
type gunzip struct {
	compressed io.Reader
	plain      *gzip.Reader
}

func (g *gunzip) Read(p []byte) (n int, err error) {
	if g.plain == nil {
		if g.plain, err = gzip.NewReader(g.compressed); err != nil {
			g.plain = nil
			return 0, err
		}
	}
	return g.plain.Read(p)
}

package ingress

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
)

// unsigned are bodies of a MiB that anyone can send.
func unsigned() map[string][2]string {
	const size = 1<<20 - 200
	signature := strings.Repeat("A", 43)
	envelope := func(data string) string { return `{"signature":"` + signature + `","data":` + data + `}` }
	return map[string][2]string{
		"objects":    {"application/json", envelope("[" + strings.Repeat("{},", size/3-1) + "{}]")},
		"one string": {"application/json", envelope(`"` + strings.Repeat("a", size-2) + `"`)},
		"spaces":     {"application/json", envelope("[" + strings.Repeat(" ", size-2) + "]")},
		"a form":     {"application/x-www-form-urlencoded", "signature=" + signature + "&data=" + strings.Repeat("%7B", size/3)},
		"junk":       {"application/json", strings.Repeat("[", size)},
	}
}

// TestUnsignedBodiesAreBounded: 200 at once of a MiB take little memory, and genuine deliveries are answered meanwhile.
func TestUnsignedBodiesAreBounded(t *testing.T) {
	const atOnce, limit = 200, 200 << 20 // bytes of heap and stacks; the process has some 50 MiB besides
	for name, c := range unsigned() {
		w := newWorld(t, func(o *Options) { o.Alert = nil })
		body := []byte(c[1])
		runtime.GC()
		stop, most := make(chan struct{}), make(chan uint64)
		go func() {
			var m runtime.MemStats
			highest := uint64(0)
			for {
				runtime.ReadMemStats(&m)
				highest = max(highest, m.HeapInuse+m.StackInuse)
				select {
				case <-stop:
					most <- highest
					return
				case <-time.After(5 * time.Millisecond):
				}
			}
		}()
		var callers sync.WaitGroup
		for range atOnce {
			callers.Go(func() {
				answer, err := http.Post(w.url+statusPath, c[0], bytes.NewReader(body))
				if err != nil {
					return // the connection was closed before the body was sent
				}
				defer answer.Body.Close()
				_, _ = io.Copy(io.Discard, answer.Body)
				if answer.StatusCode != 400 && answer.StatusCode != 500 {
					t.Errorf("%s: answered %d", name, answer.StatusCode)
				}
			})
		}
		for range 5 {
			if status, text := w.post(statusPath, "application/json", signed(seed)); status != 200 {
				t.Errorf("%s: a genuine delivery is answered %d %s", name, status, text)
			}
		}
		callers.Wait()
		close(stop)
		if highest := <-most; highest > limit {
			t.Errorf("%s: %d MiB in use", name, highest>>20)
		}
		_ = w.box.Close()
	}
}

// TestTurnsAreWaitedFor: a request without a turn in time is answered with 500, which Prodege repeats; small bodies are not
// delayed by large or slow ones.
func TestTurnsAreWaitedFor(t *testing.T) {
	w := newWorld(t)
	large := signed("[" + strings.Repeat(seed+",", 400) + seed + "]")
	if len(large) < smallBody || len(large) > maxBody {
		t.Fatalf("%d bytes", len(large))
	}
	for range largeAtOnce {
		w.in.bodies.large <- struct{}{}
	}
	if status, text := w.post(statusPath, "application/json", large); status != 500 || !strings.Contains(text, "send it again") {
		t.Errorf("a large body without a turn: %d %s", status, text)
	}
	var slow sync.WaitGroup
	var halves []io.Closer
	defer func() {
		for _, half := range halves {
			_ = half.Close()
		}
		slow.Wait()
	}()
	for range 2 * smallAtOnce { // connections that send half a body
		reader, writer := io.Pipe()
		halves = append(halves, writer)
		r := httptest.NewRequest(http.MethodPost, statusPath, reader)
		r.Header.Set("Content-Type", "application/json")
		r.ContentLength = 1000
		slow.Go(func() { w.in.handler.ServeHTTP(httptest.NewRecorder(), r) })
	}
	if status, text := w.post(statusPath, "application/json", signed(seed)); status != 200 {
		t.Errorf("a small body: %d %s", status, text)
	}
	for range largeAtOnce {
		<-w.in.bodies.large
	}
	w.in.bodies.largeWork <- struct{}{}
	if status, _ := w.post(statusPath, "application/json", large); status != 500 {
		t.Errorf("a large body while another is worked on: %d", status)
	}
	<-w.in.bodies.largeWork
	if status, text := w.post(statusPath, "application/json", large); status != 200 {
		t.Errorf("a large body: %d %s", status, text)
	}
	for range smallAtOnce {
		w.in.bodies.work <- struct{}{}
	}
	if status, _ := w.post(statusPath, "application/json", signed(seed)); status != 500 {
		t.Errorf("a small body without a turn: %d", status)
	}
	for range smallAtOnce {
		<-w.in.bodies.work
	}
	if len(w.in.bodies.large)+len(w.in.bodies.largeWork)+len(w.in.bodies.work) != 0 {
		t.Error("a turn was not given back")
	}
	if kept := w.box.Refused().Kept; len(kept) != 0 {
		t.Errorf("what is to be sent again is kept as refused: %+v", kept)
	}
}

func TestSizes(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		size   int
		status int
	}{{100, 200}, {smallBody - 1, 200}, {smallBody, 200}, {smallBody + 1, 200}, {smallBody + 2, 200}, {maxBody, 200}, {maxBody + 1, 413}, {2 * maxBody, 413}} {
		body := signed(seed)
		body = append(body, bytes.Repeat([]byte(" "), max(0, c.size-len(body)))...)
		for _, chunked := range []bool{false, true} {
			r := httptest.NewRequest(http.MethodPost, statusPath, bytes.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			if chunked {
				r.ContentLength = -1
			}
			if status, text := w.serve(r); status != c.status {
				t.Errorf("%d bytes, chunked %t: %d %s", len(body), chunked, status, text)
			}
		}
	}
}

// TestABrokenBody: a body that is cut off says nothing about the delivery, so that must be sent again.
func TestABrokenBody(t *testing.T) {
	w := newWorld(t)
	broken := io.MultiReader(strings.NewReader(`{"data": `), iotest.ErrReader(io.ErrUnexpectedEOF))
	r := httptest.NewRequest(http.MethodPost, statusPath, broken)
	r.Header.Set("Content-Type", "application/json")
	if status, text := w.serve(r); status != 500 || !strings.Contains(text, "send it again") {
		t.Errorf("answered %d %s", status, text)
	}
	if kept := w.box.Refused().Kept; len(kept) != 1 || kept[0].Cause != causeUnreadable {
		t.Errorf("kept %+v", kept)
	}
}

func TestACertificateCheckIsAnsweredUnsigned(t *testing.T) {
	w := newWorld(t)
	for body, want := range map[string]int{
		"ssl_check=1&token=x": 200,
		"token=x&ssl_check=1": 200,
		"ssl_check=0":         401,
		"ssl_check=1&command=%2Ffieldmarshal&text=op": 401,
		"": 401,
	} {
		r := httptest.NewRequest(http.MethodPost, "/slack/commands", strings.NewReader(body))
		if status, text := w.serve(r); status != want {
			t.Errorf("%q: %d %s, want %d", body, status, text, want)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/slack/interactions", strings.NewReader("ssl_check=1"))
	if status, _ := w.serve(r); status != 401 {
		t.Errorf("at another address: %d", status)
	}
}

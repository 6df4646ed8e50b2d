package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// socketName is the control socket's name in the inbox's folder. Only one process may write to the folder, so the running
// ingress serves it to the operator's commands.
const socketName = "control.sock"

// A socket's path holds 108 bytes on Linux, 104 elsewhere.
const longestSocket = 100

// Listing is how the inbox stands, with the oldest events that wait.
type Listing struct {
	Stats   Stats     `json:"stats"`
	Waiting []Waiting `json:"waiting"`
}

// fault is what the control socket answers if it can't do what it was asked.
type fault struct {
	Error string `json:"error"`
}

// serveControl opens the socket. Without it the inbox works all the same, so a fault is only logged.
func (in *Inbox) serveControl() {
	path := filepath.Join(in.options.Dir, socketName)
	_ = in.disk.remove(path) // left by a process that was killed: the lock says that none runs
	address, release := socketAddress(path)
	defer release()
	var listener net.Listener
	err := in.disk.try("socket", path, func() (err error) { listener, err = net.Listen("unix", address); return err })
	if err == nil {
		err = os.Chmod(path, 0o600)
	}
	if err != nil {
		in.log.Warn("the operator's commands can't reach this inbox", "socket", path, "error", err)
		return
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false) // a disk that hangs must not hold up Close
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		_ = listener.Close()
		return
	}
	in.control = listener
	server := &http.Server{Handler: in.controlHandler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends when Close closes the listener
}

// socketAddress returns a path that is short enough for a socket: a long one is reached through its folder's open file.
// release must be called once it has been used.
func socketAddress(path string) (address string, release func()) {
	if len(path) <= longestSocket {
		return path, func() {}
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return path, func() {}
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)), func() { _ = dir.Close() }
}

// controlHandler answers the commands. Whoever may open the socket may do all of it.
func (in *Inbox) controlHandler() http.Handler {
	const shown = 1000 // of the events that wait
	mux := http.NewServeMux()
	for pattern, do := range map[string]func(r *http.Request, id uint64) (any, error){
		"GET /inbox": func(*http.Request, uint64) (any, error) {
			waiting, err := in.Waiting(shown)
			return Listing{Stats: in.Stats(), Waiting: waiting}, err
		},
		"POST /drain": func(r *http.Request, _ uint64) (any, error) {
			err := in.Drain(r.Context())
			return in.Stats(), err
		},
		"GET /deadletters":             func(*http.Request, uint64) (any, error) { return in.DeadLetters() },
		"GET /deadletters/{id}":        func(_ *http.Request, id uint64) (any, error) { return in.DeadLetter(id) },
		"POST /deadletters/{id}/retry": func(r *http.Request, id uint64) (any, error) { return in.Stats(), in.Retry(r.Context(), id) },
		"DELETE /deadletters/{id}":     func(r *http.Request, id uint64) (any, error) { return in.Stats(), in.Drop(r.Context(), id) },
		"GET /refused": func(*http.Request, uint64) (any, error) {
			defer in.LookedAtRefused()
			return in.Refused(), nil
		},
		"POST /refused/{id}/admit": func(r *http.Request, id uint64) (any, error) {
			return in.Stats(), in.Admit(r.Context(), id, r.URL.Query().Get("by"))
		},
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			id, _ := strconv.ParseUint(r.PathValue("id"), 10, 64) // there is no number 0
			answer(w)(do(r, id))
		})
	}
	return mux
}

// answer writes what came of a command.
func answer(w http.ResponseWriter) func(result any, err error) {
	return func(result any, err error) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case errors.Is(err, ErrNoLetter) || errors.Is(err, ErrNoRefused):
			w.WriteHeader(http.StatusNotFound)
		case err != nil:
			w.WriteHeader(http.StatusInternalServerError)
		}
		if err != nil {
			result = fault{err.Error()}
		}
		_ = json.NewEncoder(w).Encode(result)
	}
}

const (
	// drainable is how few events may wait when the inbox stops taking further ones: these are handed on in no time,
	// unless Temporal has just gone away.
	drainable = 100
	// drainFor is how long it waits for those few before it takes events again.
	drainFor = 5 * time.Second
)

// Drain returns once all that waited was handed on and forgotten on disk. From then on the inbox is empty and stays so:
// INBOX_DIR may be removed once the process has stopped, and Append answers ErrDraining, so that the ingress hands
// deliveries to Temporal directly. While many events wait it takes further ones: what it refuses is lost if Temporal is
// away. If ctx ends first, it goes on taking events.
func (in *Inbox) Drain(ctx context.Context) error {
	select { // one at a time
	case in.drains <- struct{}{}:
		defer func() { <-in.drains }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if in.Stats().Draining { // it was drained before and stays so, but a dead letter may have been retried since
		return in.drained(ctx)
	}
	for {
		// Few events wait, and one was handed on since it was asked: Temporal is there.
		before := in.Stats().Forwarded
		err := until(ctx, func() bool {
			s := in.Stats()
			return s.Depth == 0 || s.Depth <= drainable && s.Forwarded > before
		})
		if err == nil {
			in.setDraining(true)
			shortly, cancel := context.WithTimeout(ctx, drainFor)
			err = in.drained(shortly)
			cancel()
			if err == nil {
				in.log.Info("the inbox is drained and takes nothing any more")
				return nil
			}
			in.setDraining(false)
		}
		if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("drain the inbox, in which %d events still wait: %w", in.Stats().Depth, err)
		}
	}
}

// drained returns once nothing waits, in the queue and on disk.
func (in *Inbox) drained(ctx context.Context) error {
	barrier := func(do func() error) error { return in.submit(ctx, &change{barrier: true, do: do}) }
	// What was under way when draining began is in the queue once the first barrier is through.
	if err := barrier(func() error { return nil }); err != nil {
		return err
	}
	if err := until(ctx, func() bool { return in.Stats().Depth == 0 }); err != nil {
		return err
	}
	return barrier(func() error {
		return in.work(func() error { in.events.end(); return in.events.flush(true) })
	})
}

// until returns nil once something is so.
func until(ctx context.Context, is func() bool) error {
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for !is() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
	}
	return nil
}

func (in *Inbox) setDraining(on bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.draining = on
}

package inbox

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// socketName is the name of the control socket in the inbox's folder. Only one process may write to the folder, so the
// ingress carries out the operator's commands. A command is the path of a request, its arguments are the query. Access to
// the socket permits all of them.
const socketName = "control.sock"

// maxSocketPath is below the limit of a socket's path: 108 bytes on Linux, 104 elsewhere.
const maxSocketPath = 100

// maxListed is how many waiting events are listed.
const maxListed = 1000

// Listing is the state of the inbox, with the oldest events that wait.
type Listing struct {
	Stats   Stats     `json:"stats"`
	Waiting []Waiting `json:"waiting"`
}

// execute carries out a command.
func (in *Inbox) execute(ctx context.Context, name string, id uint64, by string) (result any, err error) {
	switch name {
	case "list":
		return Listing{Stats: in.Stats(), Waiting: in.Waiting(maxListed)}, nil
	case "drain":
		err = in.Drain(ctx)
		return in.Stats(), err
	case "deadletters":
		return in.DeadLetters(), nil
	case "retry":
		return nil, in.Retry(ctx, id)
	case "drop":
		return nil, in.Drop(ctx, id)
	case "refused":
		defer in.LookedAtRefused()
		return in.Refused(), nil
	case "admit":
		return nil, in.Admit(ctx, id, by)
	}
	return nil, fmt.Errorf("this ingress knows no command %.40q", name)
}

// serveCommand answers with the result as JSON, or with an error as text, whose status is 404 for ErrNone.
func (in *Inbox) serveCommand(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.ParseUint(r.FormValue("id"), 10, 64)
	result, err := in.execute(r.Context(), r.URL.Path[1:], id, r.FormValue("by"))
	switch {
	case errors.Is(err, ErrNone):
		http.Error(w, err.Error(), http.StatusNotFound)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		_ = json.NewEncoder(w).Encode(result)
	}
}

// serveControl opens the socket. The inbox works without it, so an error is only logged.
func (in *Inbox) serveControl() {
	path := filepath.Join(in.options.Dir, socketName)
	_ = in.disk.remove(path) // left by a process that was killed: the lock shows that none is running
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
	server := &http.Server{Handler: http.HandlerFunc(in.serveCommand), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends when Close closes the listener
}

// socketAddress returns an address for a socket's path. A path that is too long is replaced with one through an open
// descriptor of its folder. release must be called once the address has been used.
func socketAddress(path string) (address string, release func()) {
	if len(path) <= maxSocketPath {
		return path, func() {}
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return path, func() {}
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)), func() { _ = dir.Close() }
}

// Control gives the operator's commands access to the inbox of an ingress on the same machine. It is safe for concurrent
// use.
type Control struct {
	path string // of the socket
	http *http.Client
}

// NewControl returns a Control for the inbox in dir. It opens nothing before the first call.
func NewControl(dir string) *Control {
	path := filepath.Join(dir, socketName)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		address, release := socketAddress(path)
		defer release()
		return new(net.Dialer).DialContext(ctx, "unix", address)
	}
	return &Control{path, &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
}

// List returns the state of the inbox, with the oldest thousand events that wait.
func (c *Control) List(ctx context.Context) (Listing, error) {
	return ask[Listing](ctx, c, "list", 0, "")
}

// Drain is Inbox.Drain. If ctx ends first, the inbox goes on taking events.
func (c *Control) Drain(ctx context.Context) (Stats, error) {
	return ask[Stats](ctx, c, "drain", 0, "")
}

// DeadLetters lists the dead letters, oldest first.
func (c *Control) DeadLetters(ctx context.Context) ([]DeadLetter, error) {
	return ask[[]DeadLetter](ctx, c, "deadletters", 0, "")
}

// DeadLetter returns the dead letter of that number, or ErrNone.
func (c *Control) DeadLetter(ctx context.Context, id uint64) (DeadLetter, error) {
	letters, err := c.DeadLetters(ctx)
	if i := slices.IndexFunc(letters, func(l DeadLetter) bool { return l.ID == id }); i >= 0 {
		return letters[i], nil
	}
	return DeadLetter{}, cmp.Or(err, ErrNone)
}

// Retry is Inbox.Retry.
func (c *Control) Retry(ctx context.Context, id uint64) error {
	_, err := ask[any](ctx, c, "retry", id, "")
	return err
}

// Drop is Inbox.Drop.
func (c *Control) Drop(ctx context.Context, id uint64) error {
	_, err := ask[any](ctx, c, "drop", id, "")
	return err
}

// Refused lists the refused deliveries, and records that somebody has looked at them.
func (c *Control) Refused(ctx context.Context) (RefusedList, error) {
	return ask[RefusedList](ctx, c, "refused", 0, "")
}

// Admit is Inbox.Admit.
func (c *Control) Admit(ctx context.Context, id uint64, by string) error {
	_, err := ask[any](ctx, c, "admit", id, by)
	return err
}

// ask sends a command and returns its result.
func ask[T any](ctx context.Context, c *Control, name string, id uint64, by string) (result T, err error) {
	query := url.Values{"id": {strconv.FormatUint(id, 10)}, "by": {by}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://inbox/"+name+"?"+query.Encode(), nil)
	if err != nil {
		return result, err
	}
	response, err := c.http.Do(request)
	if ctx.Err() != nil {
		return result, ctx.Err()
	}
	if err != nil {
		return result, fmt.Errorf("no ingress answers at %s: is it running, with this INBOX_DIR?", c.path)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return result, fmt.Errorf("the ingress's answer broke off: %w", err)
	case response.StatusCode == http.StatusNotFound:
		return result, ErrNone
	case response.StatusCode != http.StatusOK:
		return result, errors.New(strings.TrimSpace(string(text)))
	}
	err = json.Unmarshal(text, &result)
	return result, err
}

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
	"time"
)

// socketName is the name of the control socket in the inbox's folder. Only one process may write to the folder, so the
// ingress carries out the operator's commands (client.go). Access to the socket permits all of them.
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

// order holds a command's arguments. The command's name is the path of the request.
type order struct {
	ID uint64 `json:"id,omitempty"`
	By string `json:"by,omitempty"`
}

// reply is the ingress's answer: the result or an error.
type reply[T any] struct {
	Result T      `json:"result"`
	Error  string `json:"error,omitempty"`
	None   bool   `json:"none,omitempty"` // ErrNone
}

// execute carries out a command.
func (in *Inbox) execute(ctx context.Context, name string, o order) (result any, err error) {
	switch name {
	case "list":
		result = Listing{Stats: in.Stats(), Waiting: in.Waiting(maxListed)}
	case "drain":
		err = in.Drain(ctx)
		result = in.Stats()
	case "deadletters":
		result = in.DeadLetters()
	case "retry":
		err = in.Retry(ctx, o.ID)
	case "drop":
		err = in.Drop(ctx, o.ID)
	case "refused":
		result = in.Refused()
		in.LookedAtRefused()
	case "admit":
		err = in.Admit(ctx, o.ID, o.By)
	default:
		err = fmt.Errorf("this ingress knows no command %.40q", name)
	}
	return result, err
}

func (in *Inbox) serveCommand(w http.ResponseWriter, r *http.Request) {
	var o order
	var answer reply[any]
	err := json.NewDecoder(r.Body).Decode(&o)
	if err == nil {
		answer.Result, err = in.execute(r.Context(), r.URL.Path[1:], o)
	}
	if err != nil {
		answer = reply[any]{Error: err.Error(), None: errors.Is(err, ErrNone)}
	}
	_ = json.NewEncoder(w).Encode(answer)
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

package devserver

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// The preferred range: other programs don't know which ports are reserved here, but few listen in this range.
const (
	firstPort = 15000
	lastPort  = 32000
	portTries = 1000
)

// reserved are the ports that this process has reserved, with the files that lock them.
var reserved = struct {
	sync.Mutex
	ports map[int]*os.File
}{ports: map[int]*os.File{}}

// FreePort returns a port of 127.0.0.1 that nobody listens on, and reserves it until this process ends: FreePort returns
// it to no other caller, in any process of this user. The port may be passed to a child process, and may be closed
// and listened on again. It is not one that the system uses for outgoing connections, which could take it before somebody
// listens on it, unless the system uses nearly all ports. FreePort is safe for concurrent use.
func FreePort() (int, error) {
	reserved.Lock()
	defer reserved.Unlock()
	low, high := ephemeral()
	avoidable := low > firstPort || high < lastPort // else the system uses all of them
	last := errors.New("all are taken")
	for range portTries {
		port := firstPort + rand.IntN(lastPort-firstPort)
		if _, taken := reserved.ports[port]; taken || avoidable && port >= low && port <= high {
			continue
		}
		held, free := reserve(port)
		if !free {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", localhost, port))
		if err != nil {
			last = err
			_ = held.Close()
			continue
		}
		_ = l.Close()
		reserved.ports[port] = held
		return port, nil
	}
	return 0, fmt.Errorf("find a free port between %d and %d: %w", firstPort, lastPort, last)
}

// reserve reserves a port for this process; free is false if another process has it. On systems without file locks
// nothing is held and the port counts as free.
func reserve(port int) (held *os.File, free bool) {
	folder, err := lockFolder("fieldmarshal-ports")
	if err != nil {
		return nil, true
	}
	held, err = lockFile(filepath.Join(folder, fmt.Sprint(port)))
	return held, err != ErrHeld
}

// portRange is where Linux says which ports it uses for outgoing connections.
const portRange = "/proc/sys/net/ipv4/ip_local_port_range"

// ephemeral returns the range of ports that the system uses for outgoing connections. If that is unknown, it returns
// the range above the preferred ports: systems other than Linux start at 49152.
func ephemeral() (first, last int) {
	text, err := os.ReadFile(portRange)
	if err != nil {
		return lastPort, 65535
	}
	return parseRange(string(text))
}

func parseRange(text string) (first, last int) {
	if _, err := fmt.Sscan(strings.TrimSpace(text), &first, &last); err != nil {
		return lastPort, 65535
	}
	return first, last
}

package devserver

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Where ports are chosen from, if that can be: most programs know nothing of who reserves a port here, but few
// listen there.
const (
	firstPort = 15000
	lastPort  = 32000
	portTries = 1000
)

// lent are the ports that this process was given, with what holds them against other processes.
var lent = struct {
	sync.Mutex
	ports map[int]*os.File
}{ports: map[int]*os.File{}}

// FreePort gives a port of 127.0.0.1 that nobody listens at, and reserves it for the life of this process: no
// other call gives it again, in this process or another of this machine. It may be handed to a child, and may be
// listened at, left and listened at again. It is none that the system lends to outgoing connections: what binds
// a port some time after it was chosen, as Temporal does, would find somebody's connection there.
func FreePort() (int, error) {
	lent.Lock()
	defer lent.Unlock()
	choice, last := choosable(), error(nil)
	for range portTries {
		port := choice[rand.IntN(len(choice))]
		if _, given := lent.ports[port]; given {
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
		lent.ports[port] = held
		return port, nil
	}
	return 0, fmt.Errorf("find a free port between %d and %d: %w", choice[0], choice[len(choice)-1], last)
}

// reserve takes a port for this process; free is false where another process has it. Where processes can't tell
// one another, nothing is held and the port counts as free.
func reserve(port int) (held *os.File, free bool) {
	folder, err := sharedFolder("fieldmarshal-ports")
	if err != nil {
		return nil, true
	}
	held, err = lockFile(filepath.Join(folder, fmt.Sprint(port)))
	return held, err != errLocked
}

// choosable are the ports to choose from: those of the usual range that the system does not lend, or any others
// that it does not.
func choosable() []int {
	first, last := lentOut()
	for _, span := range [][2]int{{firstPort, lastPort}, {1024, 65536}} {
		var ports []int
		for port := span[0]; port < span[1]; port++ {
			if port < first || port > last {
				ports = append(ports, port)
			}
		}
		if len(ports) >= portTries {
			return ports
		}
	}
	ports := make([]int, lastPort-firstPort) // the system lends all there are
	for i := range ports {
		ports[i] = firstPort + i
	}
	return ports
}

// portRange is where Linux says which ports it lends to outgoing connections.
const portRange = "/proc/sys/net/ipv4/ip_local_port_range"

// lentOut is the range that the system lends to outgoing connections. Where it doesn't tell, it is taken for one
// above all that are chosen: others than Linux lend from 49152 on.
func lentOut() (first, last int) {
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

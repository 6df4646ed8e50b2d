package devserver

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// The ports to choose from lie below those that systems lend to outgoing connections (Linux from 32768 on,
// others from 49152): Temporal binds a port some time after it was chosen, and ends the process where
// somebody's connection has taken it meanwhile.
const (
	firstPort = 15000
	lastPort  = 32000
	portTries = 1000
)

var lent = struct {
	sync.Mutex
	ports map[int]bool
}{ports: map[int]bool{}}

// freePort is a port that nobody listens at and that this process has not been given before.
func freePort() (int, error) {
	lent.Lock()
	defer lent.Unlock()
	var last error
	for range portTries {
		port := firstPort + rand.IntN(lastPort-firstPort)
		if lent.ports[port] {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", localhost, port))
		if err != nil {
			last = err
			continue
		}
		_ = l.Close()
		lent.ports[port] = true
		return port, nil
	}
	return 0, fmt.Errorf("find a free port between %d and %d: %w", firstPort, lastPort, last)
}

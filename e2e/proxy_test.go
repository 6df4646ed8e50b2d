package e2e

import (
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"fieldmarshal/devserver"
)

// ownAddress returns an address that no other test, process or connection gets, so that a process can be restarted with
// the same address.
func ownAddress(t *testing.T) string {
	t.Helper()
	port, err := devserver.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", port)
}

// proxy forwards connections to Temporal. While it is down it accepts none and has closed all existing ones.
type proxy struct {
	addr, to string
	t        *testing.T

	mu    sync.Mutex
	in    net.Listener
	conns map[net.Conn]bool
}

// newProxy returns a proxy that is down.
func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	p := &proxy{t: t, to: to, addr: ownAddress(t), conns: map[net.Conn]bool{}}
	p.up()
	p.down()
	t.Cleanup(p.down)
	return p
}

func (p *proxy) up() {
	p.t.Helper()
	l, err := net.Listen("tcp", p.addr)
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.in = l
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
}

func (p *proxy) serve(c net.Conn) {
	server, err := net.Dial("tcp", p.to)
	if err != nil {
		_ = c.Close()
		return
	}
	p.mu.Lock()
	isUp := p.in != nil
	if isUp {
		p.conns[c], p.conns[server] = true, true
	}
	p.mu.Unlock()
	if !isUp { // it went down in the meantime
		_, _ = c.Close(), server.Close()
		return
	}
	go func() { _, _ = io.Copy(server, c); _ = server.Close() }()
	_, _ = io.Copy(c, server)
	_ = c.Close()
}

func (p *proxy) down() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.in == nil {
		return
	}
	_ = p.in.Close()
	p.in = nil
	for c := range p.conns {
		_ = c.Close()
	}
	p.conns = map[net.Conn]bool{}
}

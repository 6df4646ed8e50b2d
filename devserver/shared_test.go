package devserver

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// childPort makes this program a child process that is given a port: it prints whether it could have reserved the port
// itself, and whether it can listen on it.
const childPort = "DEVSERVER_TEST_PORT"

func init() {
	text := os.Getenv(childPort)
	if text == "" {
		return
	}
	var port int
	_, _ = fmt.Sscan(text, &port)
	_, free := reserve(port)
	l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", localhost, port))
	fmt.Printf("free %t, listens %t\n", free, err == nil)
	if err == nil {
		_ = l.Close()
	}
	os.Exit(0)
}

func asChild(t *testing.T, port int) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", childPort, port))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// locks skips a test on systems without file locks.
func locks(t *testing.T) {
	t.Helper()
	held, err := lockFile(filepath.Join(t.TempDir(), "any"))
	if err != nil {
		t.Skipf("no locks here: %v", err)
	}
	_ = held.Close()
}

func TestAPortIsReservedForThisProcessAndItsChildren(t *testing.T) {
	locks(t)
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	if first, last := ephemeral(); port >= first && port <= last {
		t.Errorf("port %d is one that the system uses for connections", port)
	}
	if got := asChild(t, port); got != "free false, listens true" {
		t.Errorf("another process says of a port that is reserved here: %s", got)
	}
	if _, free := reserve(port); free {
		t.Error("one process gets it twice")
	}
	reserved.Lock()
	_ = reserved.ports[port].Close() // as the end of this process does
	delete(reserved.ports, port)
	reserved.Unlock()
	if got := asChild(t, port); got != "free true, listens true" {
		t.Errorf("another process says of a port that was released: %s", got)
	}
}

func TestNoPortIsGivenTwice(t *testing.T) {
	const callers, each = 8, 25
	got := make(chan int, callers*each)
	for range callers {
		go func() {
			for range each {
				port, err := FreePort()
				if err != nil {
					t.Error(err)
				}
				got <- port
			}
		}()
	}
	given := map[int]bool{}
	for range callers * each {
		port := <-got
		if given[port] {
			t.Errorf("port %d is given twice", port)
		}
		given[port] = true
	}
}

func TestTheRangeThatTheSystemLends(t *testing.T) {
	for text, want := range map[string][2]int{"32768\t60999\n": {32768, 60999}, "1024 65535": {1024, 65535}, "": {lastPort, 65535}, "a lot": {lastPort, 65535}} {
		if first, last := parseRange(text); first != want[0] || last != want[1] {
			t.Errorf("%q: %d to %d", text, first, last)
		}
	}
}

func TestTurns(t *testing.T) {
	locks(t)
	path := filepath.Join(t.TempDir(), "turn")
	var said bytes.Buffer
	end := turn(path, 0, time.Hour, &said)
	next := make(chan func())
	var wondered bytes.Buffer
	go func() { next <- turn(path, 0, 0, &wondered) }()
	select {
	case <-next:
		t.Fatal("two have the turn at once")
	case <-time.After(3 * turnInterval):
	}
	turn(path, time.Nanosecond, time.Hour, &said)() // it continues after the longest wait
	if !strings.Contains(said.String(), "continuing beside it") {
		t.Errorf("when it continues it says %q", &said)
	}
	end()
	(<-next)()
	if !strings.Contains(wondered.String(), path) {
		t.Errorf("after a long wait it says %q", &wondered)
	}
}

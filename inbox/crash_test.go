package inbox

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fieldmarshal/prodege"
)

const childProjects = 12

// runChild is the process that is killed: it appends events of several projects concurrently and prints which were
// acknowledged, while it hands them on and records which were taken.
func runChild(job string) {
	kind, dir, _ := strings.Cut(job, ":")
	switch kind {
	case "started full":
		startFull(dir)
		return
	}
	in, err := Open(Options{Dir: dir, diskTimeout: time.Minute, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	if kind == "full" {
		fillDisk(in)
		return
	}
	took, err := os.OpenFile(filepath.Join(dir, "took"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	go in.Run(context.Background(), func(_ context.Context, e prodege.Event) error {
		_, err := fmt.Fprintln(took, e.ID) // a single write, which survives the process
		return err
	})
	var out sync.Mutex
	for project := 1; project <= childProjects; project++ {
		go func() {
			for n := 0; ; n++ {
				e := event(project, 0)
				e.ID = prodege.EventID(fmt.Sprintf("p%d-%s-%06d", project, os.Getenv("INBOX_TEST_ROUND"), n))
				if err := in.Append(context.Background(), []prodege.Event{e}); err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				out.Lock()
				fmt.Println(e.ID)
				out.Unlock()
			}
		}()
	}
	select {}
}

func child(t *testing.T, job string, env ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self)
	c.Env = append(append(os.Environ(), "INBOX_TEST_CHILD="+job), env...)
	c.Stderr = os.Stderr
	return c
}

// TestKilledAtAnyMoment kills the process in the middle of appends and handovers, several times with the same inbox. Every
// acknowledged event is taken at least once, and those of a project in order.
func TestKilledAtAnyMoment(t *testing.T) {
	dir := t.TempDir()
	acknowledged := map[string]bool{}
	for round := range 6 {
		c := child(t, "append:"+dir, fmt.Sprintf("INBOX_TEST_ROUND=%d", round))
		c.Stderr = nil
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		killAt := 50 + 137*round // acknowledgements; different in each round
		for n := 0; lines.Scan(); n++ {
			if strings.HasPrefix(lines.Text(), "error") {
				t.Fatal(lines.Text())
			}
			acknowledged[lines.Text()] = true
			if n == killAt {
				_ = c.Process.Signal(syscall.SIGKILL)
			}
		}
		if err := c.Wait(); err == nil {
			t.Fatal("the child ended by itself")
		}
	}
	in := open(t, dir)
	left := in.Stats().Depth
	k := &taker{}
	run(t, in, k)
	eventually(t, "all taken", func() bool { return in.Stats().Depth == 0 })

	before, err := os.ReadFile(filepath.Join(dir, "took"))
	if err != nil {
		t.Fatal(err)
	}
	took := append(strings.Fields(string(before)), k.ids(0)...)
	seen, newest := map[string]bool{}, map[string]string{}
	for _, id := range took {
		if seen[id] {
			continue // handed on again after a crash
		}
		seen[id] = true
		project, rest, _ := strings.Cut(id, "-")
		if rest < newest[project] {
			t.Fatalf("project %s: %s came after %s", project, rest, newest[project])
		}
		newest[project] = rest
	}
	for id := range acknowledged {
		if !seen[id] {
			t.Errorf("%s was acknowledged and is lost", id)
		}
	}
	if len(acknowledged) < 2000 {
		t.Errorf("only %d events were acknowledged", len(acknowledged))
	}
	t.Logf("%d acknowledged, %d left after the last kill, %d hand-overs of %d events", len(acknowledged), left, len(took), len(seen))
}

// fillDisk makes the system refuse files over 1 MiB, which has the effect of a full disk, and then allows them again.
func fillDisk(in *Inbox) {
	limit := syscall.Rlimit{}
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		fmt.Println("error", err)
		return
	}
	small := limit
	small.Cur = 1 << 20
	_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small)
	accepted, n := 0, 0
	for ; ; n++ {
		e := event(1, n)
		e.Description = strings.Repeat("x", 2000)
		err := in.Append(context.Background(), []prodege.Event{e})
		if err != nil {
			fmt.Println("refused:", err)
			break
		}
		accepted++
	}
	fmt.Println("unwritable at once:", in.Writable() != nil, in.Writable() != nil, in.Writable() != nil)
	small.Cur = 4096
	_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small)
	fmt.Println("refused again:", in.Append(context.Background(), []prodege.Event{event(1, n)}) != nil)
	fmt.Println("unwritable:", in.Writable() != nil)
	_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
	fmt.Println("healed:", soon(func() bool { return in.Append(context.Background(), []prodege.Event{event(1, n)}) == nil }), in.Writable() == nil)
	fmt.Println("kept:", in.Stats().Depth == accepted+1)
	_ = in.Close()
}

// startFull starts on a disk that refuses all writes, with events waiting in a file, and then frees the disk.
func startFull(dir string) {
	limit := syscall.Rlimit{}
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		fmt.Println("error", err)
		return
	}
	none := limit
	none.Cur = 0
	_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &none)
	took := make(chan string, 10)
	in, err := Open(Options{Dir: dir, diskTimeout: time.Minute, Logger: slog.New(slog.DiscardHandler), Alarm: func(text string) { took <- text }})
	if err != nil {
		fmt.Println("does not start:", err)
		return
	}
	fmt.Println("told:", <-took)
	fmt.Println("refused:", in.Append(context.Background(), []prodege.Event{event(1, 8)}))
	fmt.Println("unwritable:", in.Writable() != nil, in.Stats().Fault != "")
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		in.Run(ctx, func(_ context.Context, e prodege.Event) error { took <- string(e.ID); return nil })
	}()
	_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
	fmt.Println("handed on:", <-took) // without a delivery in between
	fmt.Println("fault then:", soon(func() bool { return in.Stats().Fault == "" }))
	fmt.Println("healed:", in.Append(context.Background(), []prodege.Event{event(1, 9)}), <-took, in.Writable())
	stop()
	<-done
	_ = in.Close()
}

// TestAFullDiskIsNoReasonNotToStart: while Temporal answers, deliveries can go to it directly.
func TestAFullDiskIsNoReasonNotToStart(t *testing.T) {
	dir := t.TempDir()
	in := open(t, dir)
	append1(t, in, event(1, 0))
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := child(t, "started full:"+dir).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"told: The inbox can't write to its disk", "refused: append 1 events", "unwritable: true true", "handed on: p1-0000", "fault then: true", "healed: <nil> p1-0009 <nil>"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
}

// soon waits for a condition, and reports whether it became true.
func soon(is func() bool) bool {
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

func TestAFullDiskIsToldAndHeals(t *testing.T) {
	dir := t.TempDir()
	out, err := child(t, "full:"+dir).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"refused: append 1 events", "unwritable at once: true true true", "refused again: true", "unwritable: true", "healed: true true", "kept: true"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
	in, k := open(t, dir), &taker{}
	n := in.Stats().Depth
	run(t, in, k)
	eventually(t, "all taken", func() bool { return in.Stats().Depth == 0 })
	if ids := k.ids(1); n < 100 || len(ids) != n {
		t.Errorf("%d waited, %d were taken", n, len(ids))
	}
}

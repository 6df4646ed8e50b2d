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

	"fieldmarshal/prodege"
)

const childProjects = 12

// runChild is the process that is killed: it appends events of several projects at once and says which were
// acknowledged, while it hands them on and notes which were taken.
func runChild(job string) {
	kind, dir, _ := strings.Cut(job, ":")
	in, err := Open(Options{Dir: dir, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))})
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
		_, err := fmt.Fprintln(took, e.ID) // one write, which outlives the process
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

// TestKilledAtAnyMoment kills the process in the middle of appends and hand-overs, several times over the
// same inbox. Every event that was acknowledged is taken at least once, each project's in order.
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
		killAt := 50 + 137*round // of acknowledgements: each round at another moment
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

// fillDisk lets the system refuse every file over 1 MiB, as a full disk does, then allows it again.
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
	fmt.Println("unwritable at once:", in.Writable(context.Background()) != nil, in.Writable(context.Background()) != nil, in.Writable(context.Background()) != nil)
	small.Cur = 4096
	_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small)
	fmt.Println("refused again:", in.Append(context.Background(), []prodege.Event{event(1, n)}) != nil)
	fmt.Println("unwritable:", in.Writable(context.Background()) != nil)
	_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
	fmt.Println("healed:", in.Append(context.Background(), []prodege.Event{event(1, n)}) == nil, in.Writable(context.Background()) == nil)
	fmt.Println("kept:", in.Stats().Depth == accepted+1)
	_ = in.Close()
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

// TestAnUnsureCommitOpensTheFileAnew pulls the file away under the store.
func TestAnUnsureCommitOpensTheFileAnew(t *testing.T) {
	in, k := open(t, t.TempDir()), &taker{}
	append1(t, in, event(1, 0))
	if err := in.store.close(); err != nil {
		t.Fatal(err)
	}
	if err := in.Append(t.Context(), []prodege.Event{event(1, 1)}); err == nil {
		t.Error("append to a file that is gone: no error")
	}
	append1(t, in, event(1, 2))
	run(t, in, k)
	eventually(t, "both taken", func() bool { return in.Stats().Depth == 0 })
	if ids := strings.Join(k.ids(1), " "); ids != "p1-0000 p1-0002" {
		t.Errorf("taken: %s", ids)
	}
}

package inbox

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
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

	"go.etcd.io/bbolt"

	"fieldmarshal/prodege"
)

const childProjects = 12

// runChild is the process that is killed: it appends events of several projects at once and says which were
// acknowledged, while it hands them on and notes which were taken.
func runChild(job string) {
	kind, dir, _ := strings.Cut(job, ":")
	switch kind {
	case "started full":
		startFull(dir)
		return
	case "damaged":
		startDamaged(dir)
		return
	}
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
	fmt.Println("unwritable at once:", in.Writable() != nil, in.Writable() != nil, in.Writable() != nil)
	small.Cur = 4096
	_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small)
	fmt.Println("refused again:", in.Append(context.Background(), []prodege.Event{event(1, n)}) != nil)
	fmt.Println("unwritable:", in.Writable() != nil)
	_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
	fmt.Println("healed:", in.Append(context.Background(), []prodege.Event{event(1, n)}) == nil, in.Writable() == nil)
	fmt.Println("kept:", in.Stats().Depth == accepted+1)
	_ = in.Close()
}

// startFull starts on a disk that refuses everything, with events waiting in the file, and frees the disk then.
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
	in, err := Open(Options{Dir: dir, Logger: slog.New(slog.DiscardHandler), Alarm: func(text string) { took <- text }})
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
	fmt.Println("handed on:", <-took) // with no delivery in between
	fmt.Println("fault then:", soon(func() bool { return in.Stats().Fault == "" }))
	fmt.Println("healed:", in.Append(context.Background(), []prodege.Event{event(1, 9)}), <-took, in.Writable())
	stop()
	<-done
	_ = in.Close()
}

// TestAFullDiskIsNoReasonNotToStart: Temporal may answer, and what is handed to it directly is not lost.
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

// soon waits until something is so, and says whether it came to be.
func soon(is func() bool) bool {
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// startDamaged starts with a damaged file on a disk that refuses what is large, and frees the disk then.
func startDamaged(dir string) {
	limit := syscall.Rlimit{}
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		fmt.Println("error", err)
		return
	}
	small := limit
	small.Cur = 40_000
	_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small)
	alarms, took := make(chan string, 10), make(chan string, 1000)
	in, err := Open(Options{Dir: dir, Logger: slog.New(slog.DiscardHandler), Alarm: func(text string) { alarms <- text }})
	if err != nil {
		fmt.Println("does not start:", err)
		return
	}
	fmt.Println("first:", <-alarms)
	_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
	fmt.Println("then:", <-alarms)
	n := 0
	soon(func() bool { n = in.Stats().Depth; return n > 0 })
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		in.Run(ctx, func(_ context.Context, e prodege.Event) error { took <- string(e.ID); return nil })
	}()
	for range n {
		<-took
	}
	fmt.Println("most are handed on:", n >= 200)
	stop()
	<-done
	_ = in.Close()
}

// TestADamagedFileOnAFullDiskIsReadOnceThereIsRoom: a salvage that the disk broke off is made again, from the whole file.
func TestADamagedFileOnAFullDiskIsReadOnceThereIsRoom(t *testing.T) {
	dir, path := filled(t)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wiped := false
	b = eachPage(b, func(p []byte, _ int) {
		if !wiped && binary.NativeEndian.Uint16(p[8:]) == leafPage && bytes.Contains(p, []byte("p1-0100")) {
			clear(p)
			wiped = true
		}
	})
	if err := os.WriteFile(path, b, 0o600); err != nil || !wiped {
		t.Fatal(wiped, err)
	}
	out, err := child(t, "damaged:"+dir).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"first: The inbox can't write to its disk", "then: The inbox file was damaged", "most are handed on: true"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
	if asides, _ := filepath.Glob(filepath.Join(dir, "*damaged*")); len(asides) != 1 {
		t.Errorf("set aside: %v", asides)
	}
}

// TestASalvageIsFinished after a crash between its two renames.
func TestASalvageIsFinished(t *testing.T) {
	dir, path := filled(t)
	if err := os.Rename(path, path+".salvaged"); err != nil {
		t.Fatal(err)
	}
	if n := open(t, dir).Stats().Depth; n != 300 {
		t.Errorf("%d events wait, want 300", n)
	}
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

// TestTheFileIsOpenedAnewWhileEventsAreHandedOn: what is handed on meanwhile is not listed again.
func TestTheFileIsOpenedAnewWhileEventsAreHandedOn(t *testing.T) {
	in, k := open(t, t.TempDir()), &taker{}
	run(t, in, k)
	const rounds, projects = 60, 60
	for n := range rounds {
		var events []prodege.Event
		for project := 1; project <= projects; project++ {
			events = append(events, event(project, n))
		}
		append1(t, in, events...)
		in.storeMu.RLock()
		s := in.store
		in.storeMu.RUnlock()
		if s != nil {
			_ = s.close()
		}
		_ = in.Append(t.Context(), []prodege.Event{event(99, n)}) // finds it closed, and opens it anew
	}
	eventually(t, "all handed on", func() bool { return in.Stats().Depth == 0 })
	seen := map[string]bool{}
	for _, id := range k.ids(0) {
		if seen[id] {
			t.Errorf("%s was handed on twice", id)
		}
		seen[id] = true
	}
	if len(seen) < rounds*projects {
		t.Errorf("%d events were handed on, want %d", len(seen), rounds*projects)
	}
	if letters, err := in.DeadLetters(); err != nil || len(letters) != 0 {
		t.Errorf("an event that was handed on became a dead letter: %+v, %v", letters, err)
	}
}

// TestABurialThatStoodIsNotRepeated: its commit was unsure, and the event is not in memory.
func TestABurialThatStoodIsNotRepeated(t *testing.T) {
	dir, refusal := t.TempDir(), errors.New("invalid argument")
	in := open(t, dir)
	append1(t, in, event(1, 0))
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	in = open(t, dir, func(o *Options) { o.Final = func(err error) bool { return errors.Is(err, refusal) } })
	tries := 0
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		in.Run(ctx, func(context.Context, prodege.Event) error {
			if tries++; tries > 1 {
				return refusal
			}
			// What a burial wrote that answered errUnsure.
			_ = in.submit(context.Background(), &change{apply: func(tx *bbolt.Tx) error {
				value, err := encode(DeadLetter{ID: 1, Reason: "invalid argument", Event: event(1, 0)})
				if err != nil {
					return err
				}
				if err := tx.Bucket([]byte(dead)).Put(key(1), value); err != nil {
					return err
				}
				return tx.Bucket([]byte(waiting)).Delete(key(1))
			}})
			return errors.New("unsure")
		})
	}()
	eventually(t, "buried", func() bool { return in.Stats().Depth == 0 })
	cancel()
	<-done
	if letters, err := in.DeadLetters(); err != nil || len(letters) != 1 || letters[0].Event.ID != "p1-0000" {
		t.Errorf("the letter lost its event: %+v, %v", letters, err)
	}
}

package inbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fieldmarshal/prodege"
)

// badDisk lets calls to the disk fail or hang.
type badDisk struct {
	mu    sync.Mutex
	fail  func(op, path string) error // nil: nothing fails
	stuck chan struct{}               // calls that hang wait until it is closed; nil: none hangs
	hangs func(op, path string) bool
	calls []string
}

func (d *badDisk) use(o *Options) { o.before = d.before }

// hasty waits for the disk only as long as the program does.
func hasty(o *Options) { o.diskTimeout = diskTimeout }

func (d *badDisk) before(op, path string) error {
	d.mu.Lock()
	d.calls = append(d.calls, op+" "+filepath.Base(path))
	fail, stuck, hangs := d.fail, d.stuck, d.hangs
	d.mu.Unlock()
	if stuck != nil && (hangs == nil || hangs(op, path)) {
		<-stuck
	}
	if fail != nil {
		return fail(op, path)
	}
	return nil
}

func (d *badDisk) set(change func(d *badDisk)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(d)
}

// called returns how often an operation was called on files with a suffix.
func (d *badDisk) called(op, ending string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, call := range d.calls {
		if strings.HasPrefix(call, op+" ") && strings.HasSuffix(call, ending) {
			n++
		}
	}
	return n
}

// hang makes all writes hang until release is called.
func (d *badDisk) hang(t testing.TB) (release func()) {
	stuck := make(chan struct{})
	d.set(func(d *badDisk) {
		d.stuck, d.hangs = stuck, func(op, _ string) bool { return op != "read" && op != "lock" }
	})
	var once sync.Once
	release = func() {
		once.Do(func() {
			d.set(func(d *badDisk) { d.stuck = nil })
			close(stuck)
		})
	}
	t.Cleanup(release)
	return release
}

// refuseWrites is a disk that is full or read-only: files can be read, and on a full one deleted.
func refuseWrites(err error, deletes bool) func(op, path string) error {
	return func(op, path string) error {
		if op == "read" || op == "lock" || deletes && (op == "remove" || op == "rename") {
			return nil
		}
		return err
	}
}

func TestOneFsyncServesAllThatWait(t *testing.T) {
	var d badDisk
	in := open(t, t.TempDir(), d.use)
	append1(t, in, event(1, 0))
	before := d.called("sync", ".log")
	stuck := make(chan struct{})
	d.set(func(d *badDisk) { d.stuck, d.hangs = stuck, func(op, _ string) bool { return op == "sync" } })
	var all sync.WaitGroup
	all.Go(func() { append1(t, in, event(1, 1)) })
	eventually(t, "one is under way", func() bool { return d.called("sync", ".log") == before+1 })
	for n := range 63 {
		all.Go(func() { append1(t, in, event(1, 2+n)) })
	}
	eventually(t, "the others are pending", func() bool {
		in.mu.Lock()
		defer in.mu.Unlock()
		return len(in.pending) == 63
	})
	d.set(func(d *badDisk) { d.stuck = nil })
	close(stuck)
	all.Wait()
	if n := d.called("sync", ".log") - before; n != 2 || in.Stats().Depth != 65 {
		t.Errorf("%d fsyncs, %d events wait", n, in.Stats().Depth)
	}
}

// TestAFailedFsync: the batch is not acknowledged, and nothing more is written to the file.
func TestAFailedFsync(t *testing.T) {
	for _, broken := range []string{"sync", "write", "create", "syncdir"} {
		t.Run(broken, func(t *testing.T) {
			t.Parallel()
			var d badDisk
			told := make(chan string, 10)
			dir := t.TempDir()
			in := open(t, dir, d.use, func(o *Options) { o.Alarm = func(text string) { told <- text } })
			if broken == "sync" || broken == "write" {
				append1(t, in, event(1, 0))
			}
			d.set(func(d *badDisk) {
				d.fail = func(op, path string) error {
					if op == broken && filepath.Base(path) != "probe" {
						return syscall.EIO
					}
					return nil
				}
			})
			if err := in.Append(t.Context(), []prodege.Event{event(1, 1)}); !errors.Is(err, syscall.EIO) {
				t.Fatalf("append: %v", err)
			}
			if text := <-told; !strings.Contains(text, "can't write to its disk") {
				t.Errorf("told: %s", text)
			}
			if in.Writable() == nil || in.Stats().Fault == "" {
				t.Error("the fault is not shown")
			}
			old := names(files(t, dir), ".log")
			size := func() (n int) {
				for _, name := range old {
					n += len(files(t, dir)[name])
				}
				return n
			}
			was := size()
			d.set(func(d *badDisk) { d.fail = nil })
			eventually(t, "it takes events again", func() bool { return in.Writable() == nil })
			append1(t, in, event(1, 2))
			if size() > was {
				t.Errorf("the old file grew: %v", old)
			}
			k := &taker{}
			run(t, in, k)
			eventually(t, "all taken", func() bool { return in.Stats().Depth == 0 })
			if ids := k.ids(1); slices.Contains(ids, "p1-0001") || !slices.Contains(ids, "p1-0002") {
				t.Errorf("taken: %v", ids)
			}
			eventually(t, "the old file is deleted", func() bool { return size() == 0 })
		})
	}
}

// TestAFullDiskLetsGoOfWhatWasTaken: space is freed although nothing can be written.
func TestAFullDiskLetsGoOfWhatWasTaken(t *testing.T) {
	var d badDisk
	dir := t.TempDir()
	in := open(t, dir, d.use)
	for n := range 50 {
		append1(t, in, event(1+n%5, n))
	}
	d.set(func(d *badDisk) { d.fail = refuseWrites(syscall.ENOSPC, true) })
	if err := in.Append(t.Context(), []prodege.Event{event(1, 99)}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("append: %v", err)
	}
	k := &taker{}
	run(t, in, k)
	eventually(t, "all taken", func() bool { return len(k.ids(0)) == 50 })
	eventually(t, "nothing is left on disk", func() bool { return len(files(t, dir)) == 0 })
	if in.Writable() == nil {
		t.Error("it takes events on a full disk")
	}
	d.set(func(d *badDisk) { d.fail = nil })
	eventually(t, "it takes events again", func() bool { return in.Append(t.Context(), []prodege.Event{event(1, 100)}) == nil })
}

// TestReadinessDoesNotFlap on a disk whose probes sometimes succeed: from the second fault on it must be healthy for a
// while.
func TestReadinessDoesNotFlap(t *testing.T) {
	var d badDisk
	in := open(t, t.TempDir(), d.use)
	d.set(func(d *badDisk) {
		d.fail = func(_, path string) error {
			if strings.HasSuffix(path, ".log") {
				return syscall.ENOSPC
			}
			return nil
		}
	})
	changes, last, begun := 0, true, time.Now()
	eventually(t, "it is down for the second time for 4 s", func() bool {
		if now := in.Writable() == nil; now != last {
			changes, last, begun = changes+1, now, time.Now()
		}
		_ = in.Append(t.Context(), []prodege.Event{event(1, 0)})
		return changes == 3 && time.Since(begun) > 4*time.Second || changes > 3
	})
	if changes > 3 {
		t.Errorf("%d changes", changes)
	}
}

// TestAReadOnlyDisk: the inbox opens, and waiting events are handed on.
func TestAReadOnlyDisk(t *testing.T) {
	dir := filled(t, 30)
	d := badDisk{fail: refuseWrites(syscall.EROFS, false)}
	in, k := open(t, dir, d.use), &taker{}
	if err := in.Append(t.Context(), []prodege.Event{event(1, 99)}); !errors.Is(err, syscall.EROFS) {
		t.Errorf("append: %v", err)
	}
	run(t, in, k)
	eventually(t, "all taken", func() bool { return len(k.ids(1)) == 30 && in.Stats().Depth == 0 })
	if letters := in.DeadLetters(); len(letters) != 1 {
		t.Errorf("letters: %+v", letters)
	}
	d.set(func(d *badDisk) { d.fail = nil })
	eventually(t, "it takes events again", func() bool { return in.Append(t.Context(), []prodege.Event{event(1, 100)}) == nil })
}

// TestADiskThatHangs goes through all promises about one.
func TestADiskThatHangs(t *testing.T) {
	t.Parallel()
	var d badDisk
	told := make(chan string, 10)
	in := open(t, t.TempDir(), d.use, hasty, func(o *Options) { o.Alarm = func(text string) { told <- text } })
	append1(t, in, event(1, 0))
	release := d.hang(t)
	begun := make(chan error, 1)
	go func() { begun <- in.Append(context.Background(), []prodege.Event{event(1, 1)}) }()
	eventually(t, "a batch is under way", func() bool {
		in.mu.Lock()
		defer in.mu.Unlock()
		return !in.health.begun.IsZero() && len(in.pending) == 0 && d.called("write", ".log") == 2
	})
	queued := make(chan error, 1)
	go func() { queued <- in.Append(context.Background(), []prodege.Event{event(1, 2)}) }()
	if err := <-begun; !errors.Is(err, errSlow) && !errors.Is(err, ErrHung) {
		t.Errorf("what was under way: %v", err)
	}
	if err := <-queued; !errors.Is(err, errSlow) && !errors.Is(err, ErrHung) {
		t.Errorf("what was queued: %v", err)
	}
	if text := <-told; !strings.Contains(text, "hangs") {
		t.Errorf("told: %s", text)
	}
	if s := in.Stats(); !s.Hung || s.Fault == "" || !errors.Is(in.Writable(), ErrHung) {
		t.Errorf("stats: %+v", s)
	}
	for range 1000 { // refused at once, not after a second each
		if err := in.Append(t.Context(), []prodege.Event{event(1, 3)}); !errors.Is(err, ErrHung) {
			t.Fatalf("append: %v", err)
		}
	}
	in.mu.Lock()
	if n := len(in.pending); n != 0 {
		t.Errorf("%d are queued", n)
	}
	in.mu.Unlock()
	in.Refuse(Refused{Lot: LotJunk, Cause: "malformed"}) // does not wait
	k := &taker{}
	run(t, in, k)
	eventually(t, "what is in memory is handed on", func() bool { return slices.Contains(k.ids(1), "p1-0000") })

	released := time.Now()
	release()
	eventually(t, "it takes events again", func() bool { return in.Writable() == nil })
	if took := time.Since(released); took < healthyFor {
		t.Errorf("it counted as well after %s", took)
	}
	append1(t, in, event(1, 4))
	eventually(t, "all taken", func() bool { return in.Stats().Depth == 0 })
	if diff := strings.Join(k.ids(1), " "); diff != "p1-0000 p1-0001 p1-0004" { // the batch had been written after all
		t.Errorf("taken: %s", diff)
	}
}

// TestReadingHangs: what is in memory is handed on, and the rest once the disk answers.
func TestReadingHangs(t *testing.T) {
	var d badDisk
	in, k := open(t, filled(t, 20), d.use, hasty), &taker{}
	stuck := make(chan struct{})
	d.set(func(d *badDisk) { d.stuck, d.hangs = stuck, func(op, _ string) bool { return op == "read" } })
	run(t, in, k)
	eventually(t, "it reads", func() bool { return d.called("read", ".log") > 3 })
	append1(t, in, event(2, 0))
	eventually(t, "what is in memory is handed on", func() bool { return len(k.ids(2)) == 1 })
	if waiting := in.Waiting(100); len(waiting) != 20 || waiting[0].Event.ProjectID != 1 || waiting[0].Event.ID != "" {
		t.Errorf("%d wait", len(waiting))
	}
	d.set(func(d *badDisk) { d.stuck = nil })
	close(stuck)
	eventually(t, "all taken", func() bool { return len(k.ids(1)) == 20 })
}

// TestASlowDiskStaysHung while its probes are slow.
func TestASlowDiskStaysHung(t *testing.T) {
	t.Parallel()
	var d badDisk
	in := open(t, t.TempDir(), d.use, hasty, func(o *Options) { o.probeLimit, o.flushInterval = probeLimit, 200*time.Millisecond })
	release := d.hang(t)
	if err := in.Append(t.Context(), []prodege.Event{event(1, 1)}); err == nil {
		t.Fatal("no error")
	}
	eventually(t, "it hangs", func() bool { return in.Stats().Hung })
	d.set(func(d *badDisk) {
		d.fail = func(op, path string) error {
			if op == "sync" && filepath.Base(path) == "probe" {
				time.Sleep(probeLimit) // the fault itself
			}
			return nil
		}
	})
	release()
	probes := d.called("sync", "probe")
	eventually(t, "seven slow probes", func() bool { return d.called("sync", "probe") >= probes+7 })
	if !in.Stats().Hung {
		t.Error("it counts as well")
	}
	d.set(func(d *badDisk) { d.fail = nil })
	eventually(t, "it is well", func() bool { return in.Writable() == nil })
}

// TestStoppingOnADiskThatHangs: stopping ends, and so does starting.
func TestStoppingOnADiskThatHangs(t *testing.T) {
	t.Parallel()
	var d badDisk
	in := open(t, t.TempDir(), d.use, hasty)
	append1(t, in, event(1, 0))
	release := d.hang(t)
	_ = in.Append(t.Context(), []prodege.Event{event(1, 1)})
	if err := in.Close(); !errors.Is(err, ErrHung) {
		t.Errorf("close: %v", err)
	}
	if err := in.Append(t.Context(), []prodege.Event{event(1, 1)}); !errors.Is(err, ErrClosed) {
		t.Errorf("append: %v", err)
	}
	release()
	<-in.stopped
}

func TestStartingOnADiskThatHangs(t *testing.T) {
	for _, op := range []string{"lock", "read", "sync", "socket"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			dir := filled(t, 30)
			stuck := make(chan struct{})
			d := badDisk{stuck: stuck, hangs: func(o, _ string) bool { return o == op }}
			in, k := open(t, dir, d.use, hasty), &taker{} // returns, though the disk does not answer
			stop := run(t, in, k)
			if op == "sync" || op == "socket" {
				eventually(t, "what waits is handed on", func() bool { return len(k.ids(1)) == 30 })
			}
			if op != "socket" {
				if err := in.Append(t.Context(), []prodege.Event{event(1, 99)}); err == nil {
					t.Error("append: no error")
				}
			}
			d.set(func(d *badDisk) { d.stuck = nil })
			close(stuck)
			eventually(t, "it takes events", func() bool { return in.Append(t.Context(), []prodege.Event{event(1, 100)}) == nil })
			eventually(t, "all taken", func() bool { return len(k.ids(1)) == 31 })
			stop()
			if err := in.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestDrainOnAFullDisk: waiting events are handed on, though nothing can be written.
func TestDrainOnAFullDisk(t *testing.T) {
	var d badDisk
	in, k := open(t, t.TempDir(), d.use), &taker{}
	append1(t, in, event(1, 0))
	d.set(func(d *badDisk) { d.fail = refuseWrites(syscall.ENOSPC, true) })
	_ = in.Append(t.Context(), []prodege.Event{event(1, 1)})
	run(t, in, k)
	if err := in.Drain(t.Context()); err != nil {
		t.Error(err)
	}
}

// mounted returns the path of a new ext4 file system on a loop device, or skips the test.
func mounted(t *testing.T) (dir string) {
	t.Helper()
	must := func(args ...string) {
		t.Helper()
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Skipf("skipped: this machine can't mount a file system of its own: %s: %v %s", strings.Join(args, " "), err, out)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("skipped: only root can mount a file system of its own")
	}
	image := filepath.Join(t.TempDir(), "image")
	dir = t.TempDir()
	must("truncate", "-s", "16M", image)
	must("mkfs.ext4", "-q", "-O", "^has_journal", image)
	must("mount", "-o", "loop", image, dir)
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	return dir
}

// command runs a command that must succeed.
func command(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v %s", args, err, out)
	}
}

// TestAFrozenFileSystem is the real thing: everything that writes blocks in the kernel.
func TestAFrozenFileSystem(t *testing.T) {
	if testing.Short() {
		t.Skip("takes more than ten seconds")
	}
	disk := mounted(t)
	waits, used := filepath.Join(disk, "waits"), filepath.Join(disk, "used")
	in := open(t, waits)
	append1(t, in, event(2, 0), event(2, 1))
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	told := make(chan string, 10)
	in = open(t, used, hasty, func(o *Options) { o.Alarm = func(text string) { told <- text } })
	append1(t, in, event(1, 0))

	command(t, "fsfreeze", "-f", disk)
	var once sync.Once
	thaw := func() { once.Do(func() { command(t, "fsfreeze", "-u", disk) }) }
	defer thaw()
	if err := in.Append(t.Context(), []prodege.Event{event(1, 1)}); !errors.Is(err, errSlow) && !errors.Is(err, ErrHung) {
		t.Errorf("append: %v", err)
	}
	eventually(t, "it hangs", func() bool { return in.Stats().Hung })
	if text := <-told; !strings.Contains(text, "hangs") {
		t.Errorf("told: %s", text)
	}
	if err := in.Append(t.Context(), []prodege.Event{event(1, 2)}); !errors.Is(err, ErrHung) {
		t.Errorf("append: %v", err)
	}
	second, k := open(t, waits, hasty), &taker{} // starts nevertheless
	stopRun := run(t, second, k)
	eventually(t, "what waits is handed on from the frozen disk", func() bool { return len(k.ids(2)) == 2 })
	stopRun()
	if err := second.Close(); !errors.Is(err, ErrHung) {
		t.Errorf("close: %v", err)
	}
	thaw()
	<-second.stopped
	_ = second.lock.Close() // as the end of the process would
	eventually(t, "it takes events again", func() bool { return in.Append(t.Context(), []prodege.Event{event(1, 3)}) == nil })
	if err := in.Close(); err != nil {
		t.Error(err)
	}
}

// TestARealFullDisk fills a file system, hands on what is there, and continues.
func TestARealFullDisk(t *testing.T) {
	disk := mounted(t)
	dir := filepath.Join(disk, "inbox")
	in := open(t, dir)
	n := 0
	e := event(1, 0)
	e.Description = strings.Repeat("x", 2000)
	for ; ; n++ {
		e.ID = prodege.EventID(fmt.Sprint("e", n))
		if err := in.Append(t.Context(), slices.Repeat([]prodege.Event{e}, 50)); err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
			break
		}
	}
	if in.Writable() == nil || in.Stats().Depth != 50*n {
		t.Errorf("%d wait of %d", in.Stats().Depth, 50*n)
	}
	k := &taker{}
	run(t, in, k)
	eventually(t, "all taken", func() bool { return in.Stats().Depth == 0 && len(k.ids(0)) == 50*n })
	eventually(t, "it takes events again", func() bool { return in.Append(t.Context(), []prodege.Event{e}) == nil })
	if err := in.Close(); err != nil {
		t.Error(err)
	}
}

// TestARealReadOnlyDisk starts on one, hands on what waits, and accepts events once it is writable.
func TestARealReadOnlyDisk(t *testing.T) {
	disk := mounted(t)
	dir := filepath.Join(disk, "inbox")
	in := open(t, dir)
	append1(t, in, event(1, 0), event(1, 1))
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	command(t, "mount", "-o", "remount,ro", disk)
	in, k := open(t, dir), &taker{}
	if err := in.Append(t.Context(), []prodege.Event{event(1, 2)}); !errors.Is(err, syscall.EROFS) {
		t.Errorf("append: %v", err)
	}
	if _, err := Open(Options{Dir: dir, Logger: in.log}); !errors.Is(err, errBusy) {
		t.Errorf("another process: %v", err)
	}
	run(t, in, k)
	eventually(t, "all taken", func() bool { return len(k.ids(1)) == 2 })
	command(t, "mount", "-o", "remount,rw", disk)
	eventually(t, "it takes events again", func() bool { return in.Append(t.Context(), []prodege.Event{event(1, 3)}) == nil })
	eventually(t, "all taken", func() bool { return len(k.ids(1)) == 3 })
	if err := in.Close(); err != nil {
		t.Error(err)
	}
}

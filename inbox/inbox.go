package inbox

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"fieldmarshal/prodege"
)

// Errors of Append. Any other one is from the disk.
var (
	ErrClosed   = errors.New("the inbox is closed")
	ErrDraining = errors.New("the inbox is drained and accepts nothing any more")
	ErrHung     = errors.New("the disk of the inbox hangs")
)

// ErrNone means that there is no dead letter or refused delivery of that number, at least not any more.
var ErrNone = errors.New("there is none of that number")

var errBusy = errors.New("another process has the inbox: one INBOX_DIR per ingress")

// Options configure an Inbox.
type Options struct {
	Dir    string       // created if missing, with access for its owner only
	Logger *slog.Logger // required

	// Optional.
	Now   func() time.Time  // nil: time.Now
	Final func(error) bool  // reports whether an error of a handover is final: such an event becomes a dead letter; nil: none is
	Alarm func(text string) // tells people; called in its own goroutine, at most once in ten minutes per kind of alarm; Close waits for it

	// Only for tests; zero values stand for the constants of the same names.
	before        func(op, path string) error // called before each operation on the disk
	diskTimeout   time.Duration
	flushInterval time.Duration
	probeLimit    time.Duration
	maxDelay      time.Duration
}

// Inbox keeps deliveries on disk. It is safe for concurrent use.
type Inbox struct {
	options Options
	log     *slog.Logger
	now     func() time.Time
	disk    disk
	queue   *queue
	alarms  alarms
	events  *journal      // waiting events
	letters *journal      // dead letters
	lots    refusals      // refused deliveries
	reading chan struct{} // full while the disk is being read
	wake    chan struct{} // a change is pending
	closing chan struct{}
	stopped chan struct{} // the goroutine that writes has ended

	mu      sync.Mutex
	lock    *os.File
	control net.Listener // nil until the socket is open
	admit   AdmitFunc
	closed  bool
	pending []*change // to be committed, in order
	dead    map[uint64]letter
	stats   Stats // the counters; Inbox.Stats adds the rest
	health  health
}

// openTimeout is how long Open waits for the disk. After that the inbox opens without it, and refuses deliveries until the
// disk answers, so that they go to Temporal directly.
const openTimeout = 5 * time.Second

// closeTimeout is how long Close waits for the disk. If the disk hangs, waiting longer would not help.
const closeTimeout = 3 * time.Second

// Open opens the inbox in options.Dir and serves its control socket. It returns an error only if another process has the
// inbox open or the folder can't be used at all. If the disk fails or hangs, it is tried again, and deliveries are refused
// until then.
func Open(options Options) (*Inbox, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	options.diskTimeout, options.flushInterval = cmp.Or(options.diskTimeout, diskTimeout), cmp.Or(options.flushInterval, flushInterval)
	options.probeLimit, options.maxDelay = cmp.Or(options.probeLimit, probeLimit), cmp.Or(options.maxDelay, maxDelay)
	d := disk{options.before}
	logOf := func(prefix string, limit int64) *journal {
		return &journal{disk: d, dir: options.Dir, prefix: prefix, limit: limit, next: 1}
	}
	in := &Inbox{
		options: options, log: options.Logger, now: options.Now, disk: d, queue: newQueue(options), dead: map[uint64]letter{},
		events: logOf("", fileLimit), letters: logOf("dead-", fileLimit), lots: newRefusals(logOf("refused-", refusedFileLimit)),
		reading: make(chan struct{}, 1), wake: make(chan struct{}, 1), closing: make(chan struct{}), stopped: make(chan struct{}),
		health: health{fault: errOpening, since: time.Now()},
	}
	in.alarms.in = in
	opened := make(chan error, 1)
	go in.writeLoop(opened)
	select {
	case err := <-opened:
		if err != nil {
			close(in.closing)
			return nil, fmt.Errorf("open inbox %s: %w", options.Dir, err)
		}
	case <-time.After(openTimeout):
		in.fails(errOpening)
	}
	return in, nil
}

// fatal reports whether err comes from how the program was started and not from the disk.
func fatal(err error) bool {
	return errors.Is(err, errBusy) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENOTDIR)
}

// start locks the folder for this process and reads what waits in it.
func (in *Inbox) start() error {
	dir := in.options.Dir
	if _, err := os.Stat(dir); err != nil {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		_ = in.disk.syncDir(filepath.Dir(dir)) // which we may not be allowed to open
	}
	var lock *os.File
	err := in.disk.try("lock", dir, func() (err error) { lock, err = lockDir(dir); return err })
	if err != nil {
		return err
	}
	if err := in.load(); err != nil {
		_ = lock.Close()
		return err
	}
	in.mu.Lock()
	in.lock = lock
	in.mu.Unlock()
	if where := Volatile(dir); where != "" {
		in.log.Warn("the inbox does not outlive its machine or container: set INBOX_DIR to a folder on a persistent disk", "dir", dir, "file_system", where)
	}
	return nil
}

// lockDir makes sure that only one process has the inbox in dir open. If the lock file can't be opened, as on a read-only
// or full disk, the folder itself is locked.
func lockDir(dir string) (f *os.File, err error) {
	path := filepath.Join(dir, "lock")
	for _, flag := range []int{os.O_RDWR, os.O_RDWR | os.O_CREATE, os.O_RDONLY} { // an existing one can be opened on a frozen disk, too
		if f, err = os.OpenFile(path, flag, 0o600); err == nil {
			break
		}
	}
	if err != nil {
		if f, err = os.Open(dir); err != nil {
			return nil, err
		}
	}
	if err := flock(f); err != nil {
		_ = f.Close()
		return nil, errBusy
	}
	return f, nil
}

// load reads the waiting events, the dead letters and the refused deliveries. Damaged records are skipped and raise an
// alarm.
func (in *Inbox) load() error {
	damaged := func(name string, err error) {
		in.alarms.raise("damaged", fmt.Sprintf("A record of the inbox is damaged and was skipped (%s). Its file is kept as .damaged once everything else in it was handed on. "+
			"A delivery may be missing: compare with Prodege.", name), "dir", in.options.Dir, "at", name, "error", err.Error())
	}
	var refs []ref
	if err := in.events.load(func(r record, text []byte) { refs = append(refs, refOf(r, text)) }, damaged); err != nil {
		return err
	}
	in.mu.Lock()
	clear(in.dead) // from an earlier attempt
	in.mu.Unlock()
	if err := in.letters.load(in.loadLetter, damaged); err != nil {
		return err
	}
	for id := range in.dead { // their numbers are those of events
		in.events.next = max(in.events.next, id+1)
	}
	if err := in.lots.load(damaged); err != nil {
		return err
	}
	in.queue.add(refs)
	return nil
}

// entry is a waiting event on disk, in a record that adds its number.
type entry struct {
	Delivery string        `json:"delivery"`
	At       time.Time     `json:"at"` // when it was appended, UTC
	Event    prodege.Event `json:"event"`
}

// Append makes events durable, all or none of them: once it returns nil they are on disk and will be handed on. Concurrent
// calls share a commit. It takes at most a second. An error means that the disk fails or hangs, or that the inbox is closed
// or drained; the events may have become durable nevertheless, which is harmless.
func (in *Inbox) Append(ctx context.Context, events []prodege.Event) error {
	if len(events) == 0 {
		return nil
	}
	c, err := in.appending(events)
	if err == nil {
		err = in.submit(ctx, c)
	}
	if err != nil {
		return fmt.Errorf("append %d events: %w", len(events), err)
	}
	return nil
}

// appending returns the change that adds events to the queue.
func (in *Inbox) appending(events []prodege.Event) (*change, error) {
	at := in.now().UTC()
	bodies := make([][]byte, len(events))
	for i, e := range events {
		var err error
		if bodies[i], err = json.Marshal(entry{Delivery: e.Delivery, At: at, Event: e}); err != nil {
			return nil, fmt.Errorf("event %.128s: %w", e.ID, err)
		}
	}
	return &change{bodies: bodies, added: func(records []record) {
		refs := make([]ref, len(records))
		for i, r := range records {
			refs[i] = ref{record: r, appended: at.UnixNano(), project: events[i].ProjectID, event: &events[i]}
		}
		in.queue.add(refs)
	}}, nil
}

// Close commits what is pending and closes the files. Run must have returned before. From then on Append returns ErrClosed.
// If the disk hangs, Close returns ErrHung after three seconds, and the inbox stays locked until the process ends.
func (in *Inbox) Close() error {
	in.mu.Lock()
	if in.closed {
		in.mu.Unlock()
		return nil
	}
	in.closed = true
	control := in.control
	in.mu.Unlock()
	if control != nil {
		_ = control.Close()
	}
	close(in.closing)
	defer in.alarms.calls.Wait()
	select {
	case <-in.stopped:
	case <-time.After(closeTimeout):
		return fmt.Errorf("close inbox: %w", ErrHung)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.lock == nil {
		return nil
	}
	return in.lock.Close()
}

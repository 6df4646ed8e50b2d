// Package inbox keeps deliveries on disk until Temporal has them. It is a write-ahead log in front of Temporal that every
// event goes through.
//
// It guarantees:
//   - Once Append returns nil, the events are fsynced. Each is handed on at least once, whatever happens to the process.
//     Per project that is done in the order in which they were appended.
//   - An event is forgotten only after the handover returned nil, or the event became a dead letter. Forgetting is
//     not fsynced, so after a crash the last second's events may be handed on again.
//   - A damaged line costs only the record in it. It is kept and raises an alarm; everything else goes on.
//   - A disk that fails or hangs is reported to the caller of Append within a second. The inbox works again when the disk
//     does.
//
// It never drops an event: one that can't be handed on becomes a dead letter, which waits for a person.
//
// The folder contains logs of lines: <number>.log for events, dead-<number>.log for dead letters, refused-<number>.log
// for refused deliveries, and for each a .done file with the numbers that are finished. One goroutine writes to the folder
// (writer.go) and one at a time reads from it, so that a disk that hangs blocks nothing else. Read inbox.go, writer.go and
// journal.go first.
package inbox

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"fieldmarshal/prodege"
)

var (
	// Errors of Append. Any other one is from the disk.
	ErrClosed   = errors.New("the inbox is closed")
	ErrDraining = errors.New("the inbox is drained and accepts nothing any more")
	ErrHung     = errors.New("the disk of the inbox hangs")
	// ErrNone means that there is no dead letter or refused delivery of that number, at least not any more.
	ErrNone = errors.New("there is none of that number")

	errBusy = errors.New("another process has the inbox: one INBOX_DIR per ingress")
)

// Options configure an Inbox.
type Options struct {
	Dir    string       // created if missing, with access for its owner only
	Logger *slog.Logger // required

	// Optional.
	Now   func() time.Time  // nil: time.Now
	Final func(error) bool  // reports whether an error of a handover makes the event a dead letter; nil: none does
	Alarm func(text string) // tells people; called in its own goroutine, at most once in ten minutes per kind of alarm

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
	events  *journal      // waiting events
	letters *journal      // dead letters
	lots    refusals      // refused deliveries
	reading chan struct{} // full while the disk is being read
	wake    chan struct{} // a change is pending
	closing chan struct{}
	stopped chan struct{}  // the goroutine that writes has ended
	posts   sync.WaitGroup // calls of Options.Alarm

	mu      sync.Mutex
	lock    *os.File
	control net.Listener // nil until the socket is open
	admit   AdmitFunc
	closed  bool
	pending []*change // to be committed, in order
	dead    map[uint64]letter
	stats   Stats // the counters; Inbox.Stats adds the rest
	health  health
	alarms  map[string]alarm // the last of each kind
}

const (
	// openTimeout is how long Open waits for the disk. After that the inbox opens without it, and refuses deliveries until
	// the disk answers, so that they go to Temporal directly.
	openTimeout = 5 * time.Second
	// closeTimeout is how long Close waits for the disk. If the disk hangs, waiting longer would not help.
	closeTimeout = 3 * time.Second
)

// Open opens the inbox in options.Dir and serves its control socket. It returns an error only if another process has the
// inbox open or the folder can't be used at all. If the disk fails or hangs, it is tried again, and deliveries are refused
// until then.
func Open(options Options) (*Inbox, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	options.diskTimeout = cmp.Or(options.diskTimeout, diskTimeout)
	options.flushInterval = cmp.Or(options.flushInterval, flushInterval)
	options.probeLimit = cmp.Or(options.probeLimit, probeLimit)
	options.maxDelay = cmp.Or(options.maxDelay, maxDelay)
	d := disk{options.before}
	logOf := func(prefix string) *journal { return &journal{disk: d, dir: options.Dir, prefix: prefix, next: 1} }
	in := &Inbox{
		options: options, log: options.Logger, now: options.Now, disk: d, queue: newQueue(options),
		events: logOf(""), letters: logOf("dead-"), lots: newRefusals(logOf("refused-")),
		reading: make(chan struct{}, 1), wake: make(chan struct{}, 1), closing: make(chan struct{}), stopped: make(chan struct{}),
		dead: map[uint64]letter{}, alarms: map[string]alarm{}, health: health{fault: errOpening, since: time.Now()},
	}
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

// start locks the folder for this process and reads what waits in it. The goroutine that writes calls it.
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
		in.log.Warn("the inbox does not outlive its machine or container: set INBOX_DIR to a folder on a persistent disk",
			"dir", dir, "file_system", where)
	}
	return nil
}

// lockDir makes sure that only one process has the inbox in dir open. If the lock file can't be opened, as on a read-only
// or full disk, the folder itself is locked.
func lockDir(dir string) (f *os.File, err error) {
	path := filepath.Join(dir, "lock")
	// An existing file can be opened on a frozen disk, too, as long as it need not be created.
	for _, flag := range []int{os.O_RDWR, os.O_RDWR | os.O_CREATE, os.O_RDONLY} {
		if f, err = os.OpenFile(path, flag, 0o600); err == nil {
			break
		}
	}
	if err != nil {
		f, err = os.Open(dir)
	}
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil { // until f is closed or the process ends
		_ = f.Close()
		return nil, errBusy
	}
	return f, nil
}

// load reads the waiting events, the dead letters and the refused deliveries. Damaged records are skipped and raise an
// alarm.
func (in *Inbox) load() error {
	damaged := func(name string, err error) {
		in.raise("damaged", fmt.Sprintf("A record of the inbox is damaged and was skipped (%s). Its file is kept as .damaged once "+
			"everything else in it was handed on. A delivery may be missing: compare with Prodege.", name),
			"dir", in.options.Dir, "at", name, "error", err.Error())
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

// Close commits what is pending, closes the files and waits for calls of Options.Alarm. Run must have returned before. From
// then on Append returns ErrClosed. If the disk hangs, Close returns ErrHung after three seconds, and the inbox stays locked
// until the process ends.
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
	defer in.posts.Wait()
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

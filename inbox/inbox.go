package inbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"fieldmarshal/prodege"
)

// Errors of Append. Any other is the disk's.
var (
	ErrClosed   = errors.New("the inbox is closed")
	ErrDraining = errors.New("the inbox is drained and takes nothing any more")
)

// Options are what an Inbox needs.
type Options struct {
	Dir    string       // made where it is missing, for its owner only
	Logger *slog.Logger // required

	// Optional.
	Now   func() time.Time  // time.Now
	Final func(error) bool  // says which errors of a hand-over are final: such an event becomes a dead letter
	Alarm func(text string) // tells people; called from goroutines of its own, at most once in ten minutes for each kind of alarm; Close waits for it
}

// Inbox is deliveries on disk. It is safe for concurrent use.
type Inbox struct {
	options Options
	log     *slog.Logger
	now     func() time.Time
	lock    *os.File
	control net.Listener // nil where the socket could not be opened
	queue   *queue
	alarms  alarms
	wake    chan struct{} // a change waits
	closing chan struct{}
	drains  chan struct{} // holds something while somebody drains
	stopped chan struct{} // the committing goroutine has ended

	mu       sync.Mutex
	closed   bool
	draining bool
	changes  []*change    // to be committed, in order
	forgets  []uint64     // handed over, not yet forgotten on disk
	refused  refusals     // the last ones, in memory as on disk
	totals   totals       // since start
	disk     error        // why the last commit failed; nil once one succeeds
	storeMu  sync.RWMutex // guards store against being replaced while it is read
	store    *store       // nil while the file can't be opened
}

// Open opens the inbox of options.Dir and serves its control socket. It refuses to start only where another
// process has the same inbox or the folder can't be used at all. Where the file can't be opened, as on a full disk,
// it is tried again: until then deliveries are refused, and what waits in it is not handed on.
func Open(options Options) (*Inbox, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	if err := os.MkdirAll(options.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open inbox: %w", err)
	}
	lock, err := lockDir(options.Dir)
	if err != nil {
		return nil, fmt.Errorf("open inbox: %w", err)
	}
	in := &Inbox{
		options: options, log: options.Logger, now: options.Now, lock: lock, queue: newQueue(),
		wake: make(chan struct{}, 1), closing: make(chan struct{}), drains: make(chan struct{}, 1), stopped: make(chan struct{}),
	}
	in.alarms.in = in
	if err := in.reopen(); err != nil {
		in.disk = fmt.Errorf("the inbox file can't be opened: %w", err)
		in.tellRefusal(in.disk)
	}
	if where := Volatile(options.Dir); where != "" {
		in.log.Warn("the inbox does not outlive its machine or container: give INBOX_DIR a disk of its own", "dir", options.Dir, "lies_on", where)
	}
	in.serveControl()
	go in.commitLoop()
	return in, nil
}

func (in *Inbox) path() string { return filepath.Join(in.options.Dir, "inbox.db") }

// reopen opens the file, after making sure that it can be trusted, and lists what waits in it. Entries that
// are listed already, or handed over and not yet forgotten, are not listed again.
func (in *Inbox) reopen() error {
	aside, fault, err := fresh(in.path(), in.now())
	if aside != "" {
		in.alarms.raise("aside", fmt.Sprintf("The inbox file was damaged and has been set aside as %s; what could be read of it was taken over. "+
			"Deliveries may be missing: compare with Prodege.", filepath.Base(aside)), "file", aside, "fault", fault.Error())
	}
	if err != nil {
		return err
	}
	s, err := openStore(in.path())
	if err != nil {
		return err
	}
	if err := s.raise(); err != nil {
		_ = s.close()
		return err
	}
	var refs []ref
	err = s.view(func(tx *bbolt.Tx) error {
		in.mu.Lock()
		in.refused.load(tx)
		in.mu.Unlock()
		return tx.Bucket([]byte(waiting)).ForEach(func(k, v []byte) error {
			if seq, ok := sequence(k); ok {
				refs = append(refs, refOf(seq, v))
			}
			return nil
		})
	})
	if err != nil {
		_ = s.close()
		return err
	}
	in.setStore(s)
	in.mu.Lock() // a hand-over that ends now notes it before this, or takes its event off the list after this
	defer in.mu.Unlock()
	done := map[uint64]bool{}
	for _, seq := range in.forgets {
		done[seq] = true
	}
	in.queue.add(refs, done)
	return nil
}

// setStore replaces the store, nil for none.
func (in *Inbox) setStore(s *store) {
	in.storeMu.Lock()
	defer in.storeMu.Unlock()
	if in.store != nil {
		_ = in.store.close()
	}
	in.store = s
}

// view reads the file.
func (in *Inbox) view(fn func(*bbolt.Tx) error) error {
	in.storeMu.RLock()
	defer in.storeMu.RUnlock()
	if in.store == nil {
		return errors.New("the inbox file is not open")
	}
	return in.store.view(fn)
}

// Append makes events durable, all or none of them: once it returns nil they are on disk and will be handed
// on. All that waits at one time is one commit. An error says that the disk refuses, or that the inbox takes
// nothing; where ctx ends first, the events may have become durable all the same.
func (in *Inbox) Append(ctx context.Context, events []prodege.Event) error {
	if len(events) == 0 {
		return nil
	}
	at := in.now().UTC()
	values := make([][]byte, len(events))
	for i := range events {
		value, err := encode(entry{At: at, Event: events[i]})
		if err != nil {
			return fmt.Errorf("append event %.128s: %w", events[i].ID, err)
		}
		values[i] = value
	}
	refs := make([]ref, len(events))
	err := in.submit(ctx, &change{
		fromOutside: true, proves: true,
		apply: func(tx *bbolt.Tx) error {
			b := tx.Bucket([]byte(waiting))
			b.FillPercent = 1 // keys only grow
			for i, value := range values {
				seq, err := b.NextSequence()
				if err != nil {
					return err
				}
				refs[i] = ref{seq: seq, at: at.UnixNano(), project: events[i].ProjectID, event: &events[i]}
				if err := b.Put(key(seq), value); err != nil {
					return err
				}
			}
			return nil
		},
		after: func() { in.queue.add(refs, nil) },
	})
	if err != nil {
		return fmt.Errorf("append %d events: %w", len(events), err)
	}
	return nil
}

// Writable says whether the inbox takes events: nil, or why not. After a fault of the disk that is looked after each
// second, so that it can be asked often.
func (in *Inbox) Writable() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case in.closed:
		return ErrClosed
	case in.draining:
		return ErrDraining
	}
	return in.disk
}

var probeKey = []byte("\x00probe")

// probeSize is more than a delivery with a few events of the largest size needs. What stands in the file already
// is written over in pages that are free, so that a small probe would succeed on a full disk.
const probeSize = 64 << 10

// touch writes as much as a large delivery, so that a commit shows whether the disk takes one.
func touch(tx *bbolt.Tx) error {
	probe := make([]byte, probeSize)
	copy(probe, key(uint64(tx.ID())))
	return tx.Bucket([]byte(counts)).Put(probeKey, probe)
}

// untouch leaves the pages of a probe to the events that come next: what was found to be there, is.
func untouch(tx *bbolt.Tx) error { return tx.Bucket([]byte(counts)).Delete(probeKey) }

// Close commits what waits and closes the file. Run must have returned. Append answers ErrClosed from now on.
func (in *Inbox) Close() error {
	in.mu.Lock()
	if in.closed {
		in.mu.Unlock()
		return nil
	}
	in.closed = true
	in.mu.Unlock()
	if in.control != nil {
		_ = in.control.Close()
	}
	close(in.closing)
	<-in.stopped
	in.alarms.under.Wait()
	in.setStore(nil)
	return in.lock.Close()
}

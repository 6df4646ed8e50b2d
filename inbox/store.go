package inbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

// The buckets of the file. Keys are sequence numbers, but in counts, where they are causes.
const (
	waiting = "waiting" // entry
	dead    = "dead"    // DeadLetter
	refused = "refused" // Refused
	counts  = "counts"  // refused deliveries by cause
)

var buckets = []string{waiting, dead, refused, counts}

func known(bucket string) bool { return slices.Contains(buckets, bucket) }

// store is the file. Only the committing goroutine writes; anyone reads.
type store struct {
	path string
	db   *bbolt.DB
}

// openStore opens the file at path, which must have been examined.
func openStore(path string) (*store, error) {
	// The list of free pages isn't synced: after a long outage it is large, and would be written anew with
	// each commit. It is found again at the next start by reading the pages in use.
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return nil, err
	}
	s := &store{path: path, db: db}
	if err := s.update(func(tx *bbolt.Tx) error {
		for _, name := range buckets {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		_ = db.Close()
		return nil, err
	}
	return s, nil
}

// raise makes sure that the next event gets a number that none has: where damage has lowered what was counted up to,
// it would be written over one that waits, or get the number of a dead letter.
func (s *store) raise() error {
	var counted, greatest uint64
	err := s.view(func(tx *bbolt.Tx) error {
		counted = tx.Bucket([]byte(waiting)).Sequence()
		greatest = max(last(tx.Bucket([]byte(waiting))), last(tx.Bucket([]byte(dead))))
		return nil
	})
	if err != nil || counted >= greatest && counted < mostNumber {
		return err
	}
	return s.update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte(waiting)).SetSequence(greatest) })
}

// mostNumber is more than any inbox counts up to: a number beyond it is damage, and none can follow the last.
const mostNumber = 1 << 62

// last is the greatest number in a bucket, 0 where there is none.
func last(b *bbolt.Bucket) uint64 {
	c := b.Cursor()
	for k, _ := c.Last(); k != nil; k, _ = c.Prev() {
		if seq, ok := sequence(k); ok && seq < mostNumber {
			return seq
		}
	}
	return 0
}

// errUnsure says that a failed commit may have reached the disk all the same, so that what bbolt has in
// memory is not what a reader would find: the file must be opened anew.
var errUnsure = errors.New("the commit may have reached the disk")

// update commits durably.
func (s *store) update(fn func(*bbolt.Tx) error) error {
	before, _ := s.version()
	err := guarded(func() error { return s.db.Update(fn) })
	if err == nil {
		return nil
	}
	if after, readErr := s.version(); readErr != nil || after != before {
		return errors.Join(err, errUnsure)
	}
	return err
}

// version is the number of the newest transaction that a reader sees.
func (s *store) version() (id int, err error) {
	err = s.view(func(tx *bbolt.Tx) error { id = tx.ID(); return nil })
	return id, err
}

func (s *store) view(fn func(*bbolt.Tx) error) error {
	return guarded(func() error { return s.db.View(fn) })
}

// guarded turns a panic of bbolt's, and a fault of the memory under which the file lies, into an error.
func guarded(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the store panicked: %v", r)
		}
	}()
	return fn()
}

func (s *store) close() error { return guarded(s.db.Close) }

// fresh makes sure that the file at path can be opened. Of one that can't be trusted the readable pairs are taken
// over into a new one, and it is renamed; then aside names it and fault says why. It is renamed last: where the disk
// refuses the new file, or the process dies meanwhile, the next try begins anew with all that was there.
func fresh(path string, now time.Time) (aside string, fault, err error) {
	salvaged := path + ".salvaged"
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) && os.Rename(salvaged, path) == nil { // the process died between the two names
		info, err = os.Lstat(path)
	}
	if errors.Is(err, fs.ErrNotExist) || (err == nil && info.Mode().IsRegular() && info.Size() == 0) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	fault = examine(path, nil)
	if fault == nil {
		return "", nil, nil
	}
	if unopened := new(fs.PathError); errors.As(fault, &unopened) && unopened.Op == "open" { // no damage: no permission, or too many files
		return "", nil, fault
	}
	if err := os.RemoveAll(salvaged); err != nil {
		return "", nil, err
	}
	if err := salvage(path, salvaged); err != nil {
		_ = os.Remove(salvaged)
		return "", nil, fmt.Errorf("take over what can be read of a damaged inbox file (%w): %w", fault, err)
	}
	aside = fmt.Sprintf("%s.damaged-%s", path, now.UTC().Format("20060102T150405.000Z"))
	if err := os.Rename(path, aside); err != nil {
		return "", nil, err
	}
	return aside, fault, os.Rename(salvaged, path)
}

// salvage copies what is readable of a damaged file into a new one. A value that is damaged itself is kept
// as it is: it becomes a dead letter when its turn comes.
func salvage(from, to string) error {
	s, err := openStore(to)
	if err != nil {
		return err
	}
	defer s.close()
	const batch = 1000 // pairs in one transaction
	var pairs [][3][]byte
	flush := func() error {
		err := s.update(func(tx *bbolt.Tx) error {
			for _, p := range pairs {
				b := tx.Bucket(p[0])
				if seq, ok := sequence(p[1]); ok && seq > b.Sequence() {
					if err := b.SetSequence(seq); err != nil {
						return err
					}
				}
				if err := b.Put(p[1], p[2]); err != nil {
					return err
				}
			}
			return nil
		})
		pairs = pairs[:0]
		return err
	}
	var failed error
	_ = examine(from, func(bucket string, k, v []byte) {
		if len(k) == 0 || len(k) > bbolt.MaxKeySize {
			return
		}
		pairs = append(pairs, [3][]byte{[]byte(bucket), slices.Clone(k), slices.Clone(v)})
		if len(pairs) >= batch && failed == nil {
			failed = flush()
		}
	})
	return errors.Join(failed, flush())
}

// lockDir makes sure that one process at a time has the inbox of dir.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock(f); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("another process has the inbox %s: one INBOX_DIR an ingress", dir)
	}
	return f, nil
}

package inbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A journal is a log of records in files that are named after the first record's number.
//
//   - A record is durable once write returned nil. Numbers only grow, and none is used twice.
//   - Each start, and each write that failed, begins a new file: after a failed fsync nobody knows what the old one
//     holds, so nothing is written to it any more.
//   - A record that is finished is noted in the .done file beside its file. A file whose every record is finished is
//     deleted, which a full disk allows too. One with a damaged line is kept as .damaged instead.
//
// Anyone may call finish; all else belongs to the goroutine that writes.
type journal struct {
	disk   disk
	dir    string
	prefix string // of its file names
	limit  int64  // bytes in a file before the next is begun

	next  uint64     // number of the next record
	files []*logFile // in the order of their numbers

	mu       sync.Mutex
	finished []record // since the last flush
}

// logFile is one file of a journal.
type logFile struct {
	path    string
	out     *os.File // only the last has one; nil: nothing more is written to it
	size    int64
	damaged bool     // some of its lines fit no checksum
	open    int      // records that aren't finished
	done    []uint64 // finished, but not noted on disk yet
}

func (f *logFile) donePath() string { return strings.TrimSuffix(f.path, ".log") + ".done" }

// record is one that write made durable, or that load found, and where its text lies.
type record struct {
	number uint64 // never 0
	file   *logFile
	at     int64
	length int
}

// errDamaged says that a record does not fit its checksum.
var errDamaged = errors.New("damaged on disk")

const (
	// fileLimit is large enough that few files are begun, small enough that one event that can't be handed on holds up
	// little space.
	fileLimit = 16 << 20
	// finishedLimit is the same for a file that holds nothing unfinished.
	finishedLimit = 1 << 20
)

// load reads all files and calls found with each record that isn't finished and its text, in order. damaged is told of
// each line that fits no checksum, and of each file that can't be read.
func (j *journal) load(found func(record, []byte), damaged func(name string, err error)) error {
	entries, err := os.ReadDir(j.dir)
	if err != nil {
		return err
	}
	j.files = nil
	for _, first := range j.numbers(entries) {
		f := &logFile{path: filepath.Join(j.dir, j.name(first))}
		j.next = max(j.next, first+1) // also after a file whose first line is damaged
		err := j.read(f, found, damaged)
		switch {
		case errors.Is(err, os.ErrNotExist): // only its notes are left
			_ = j.disk.remove(f.donePath())
		case err != nil:
			damaged(filepath.Base(f.path), err)
			j.next = max(j.next, first+fileLimit) // it holds fewer records than bytes
		default:
			j.files = append(j.files, f)
		}
	}
	return nil
}

func (j *journal) name(first uint64) string {
	return fmt.Sprintf("%s%010d.log", j.prefix, first)
}

// numbers returns the numbers of the journal's files, in order.
func (j *journal) numbers(entries []os.DirEntry) []uint64 {
	var numbers []uint64
	for _, e := range entries {
		stem := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(e.Name(), ".damaged"), ".log"), ".done")
		digits, ours := strings.CutPrefix(stem, j.prefix)
		if n, err := strconv.ParseUint(digits, 10, 63); err == nil && ours && stem != e.Name() {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// read reads one file, without the records that its notes say are finished.
func (j *journal) read(f *logFile, found func(record, []byte), damaged func(name string, err error)) error {
	data, err := j.disk.read(f.path)
	if err != nil {
		return err
	}
	f.size = int64(len(data))
	done := map[uint64]bool{}
	if notes, err := j.disk.read(f.donePath()); err == nil {
		splitLines(notes, func(_ int, text []byte) {
			if n, err := strconv.ParseUint(string(text), 10, 64); err == nil {
				done[n] = true
			}
		}, func(int) {}) // a note that is lost repeats a handover, which is harmless
	}
	bad := func(at int) {
		f.damaged = true
		damaged(filepath.Base(f.path)+", at byte "+strconv.Itoa(at), errDamaged)
	}
	splitLines(data, func(at int, text []byte) {
		n, ok := numberOf(text)
		if !ok {
			bad(at)
			return
		}
		j.next = max(j.next, n+1)
		if !done[n] {
			f.open++
			found(record{n, f, int64(at), len(text)}, text)
		}
	}, bad)
	return nil
}

// numberOf returns the number with which a record's text begins.
func numberOf(text []byte) (uint64, bool) {
	rest, ok := strings.CutPrefix(string(text[:min(len(text), 40)]), recordStart)
	digits, _, ended := strings.Cut(rest, ",")
	n, err := strconv.ParseUint(digits, 10, 63)
	return n, ok && ended && err == nil
}

// write makes records of bodies, which are JSON objects that aren't empty, all or none of them. An error leaves open
// whether a later start finds them.
func (j *journal) write(bodies [][]byte) ([]record, error) {
	f, err := j.current()
	if err != nil {
		return nil, err
	}
	var batch []byte
	records := make([]record, len(bodies))
	for i, body := range bodies {
		at := len(batch) + sumLength
		batch = appendLine(batch, strconv.AppendUint([]byte(recordStart), j.next, 10), []byte{','}, body[1:])
		records[i] = record{j.next, f, f.size + int64(at), len(batch) - at - 1}
		j.next++
	}
	if err := j.disk.write(f.out, batch, true); err != nil {
		j.end()
		return nil, err
	}
	f.size += int64(len(batch))
	f.open += len(records)
	return records, nil
}

// current returns the file that is written to. It begins one if there is none, or the last is large enough.
func (j *journal) current() (f *logFile, err error) {
	if n := len(j.files); n > 0 {
		f = j.files[n-1]
		if f.out != nil && f.size < j.limit && (f.open > 0 || f.size < finishedLimit) {
			return f, nil
		}
		j.end()
	}
	f = &logFile{path: filepath.Join(j.dir, j.name(j.next))}
	if f.out, err = j.disk.create(f.path); err != nil {
		j.next++ // so that the next try has another name
	}
	if !errors.Is(err, os.ErrExist) {
		j.files = append(j.files, f) // if it could not be begun, it goes with those that are finished
	}
	return f, err
}

// end ends the current file: the next write begins another.
func (j *journal) end() {
	if len(j.files) == 0 {
		return
	}
	if f := j.files[len(j.files)-1]; f.out != nil {
		_ = f.out.Close()
		f.out = nil
	}
}

// finish notes that a record is finished. The next flush brings it to disk.
func (j *journal) finish(r record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.finished = append(j.finished, r)
}

// flush writes down what is finished, and deletes the files that hold nothing else. What fails is tried again with the
// next flush.
func (j *journal) flush(durably bool) error {
	j.mu.Lock()
	finished := j.finished
	j.finished = nil
	j.mu.Unlock()
	for _, r := range finished {
		r.file.open--
		r.file.done = append(r.file.done, r.number)
	}
	var errs []error
	j.files = slices.DeleteFunc(j.files, func(f *logFile) bool {
		var err error
		switch {
		case f.out == nil && f.open == 0:
			if err = j.discard(f); err == nil {
				return true
			}
		case len(f.done) > 0:
			notes := []byte{'\n'} // after a note that was cut off by a full disk
			for _, n := range f.done {
				notes = appendLine(notes, strconv.AppendUint(nil, n, 10))
			}
			if err = j.disk.note(f.donePath(), notes, durably); err == nil {
				f.done = nil
			}
		}
		errs = append(errs, err)
		return false
	})
	return errors.Join(errs...)
}

// discard deletes a finished file, before its notes: without them its records would be handed on again. One with
// damaged lines is set aside.
func (j *journal) discard(f *logFile) error {
	away := func() error { return j.disk.remove(f.path) }
	if f.damaged {
		away = func() error { return j.disk.rename(f.path, f.path+".damaged") }
	}
	if err := away(); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return j.disk.remove(f.donePath())
}

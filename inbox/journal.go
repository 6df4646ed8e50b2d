package inbox

import (
	"errors"
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
// Anyone may call took; all else belongs to the goroutine that writes.
type journal struct {
	disk   disk
	dir    string
	prefix string // of its file names
	most   int64  // bytes in a file before the next is begun

	next uint64   // number of the next record
	out  *os.File // the last of files, open for appending; nil: the next write begins a file

	mu    sync.Mutex
	files []*logFile // in the order of their numbers
}

// logFile is one file of a journal.
type logFile struct {
	path    string
	size    int64
	damaged bool // some of its lines fit no checksum

	// Guarded by journal.mu.
	closed bool     // nothing more is written to it
	open   int      // records that aren't finished
	done   []uint64 // finished, but not noted on disk yet
}

func (f *logFile) donePath() string { return strings.TrimSuffix(f.path, ".log") + ".done" }

// place is where a record's text lies.
type place struct {
	file   *logFile
	at     int64
	length int
}

// record is one that write made durable, or that load found.
type record struct {
	number uint64
	place
}

// errDamaged says that a record does not fit its checksum.
var errDamaged = errors.New("damaged on disk")

// fileLimit is how large a file may become: large enough that few are begun, small enough that one event that can't be
// handed on holds up little space.
const fileLimit = 16 << 20

// finishedLimit is the same for a file that holds nothing unfinished.
const finishedLimit = 1 << 20

// load reads all files and calls found with each record that isn't finished and its text, in order. damaged is told of each line
// that fits no checksum, and of each file that can't be read.
func (j *journal) load(found func(record, []byte), damaged func(name string, err error)) error {
	entries, err := os.ReadDir(j.dir)
	if err != nil {
		return err
	}
	j.files = nil
	for _, first := range j.numbers(entries) {
		f := &logFile{path: filepath.Join(j.dir, j.name(first)), closed: true}
		j.next = max(j.next, first+1) // also after a file whose first line is damaged
		err := j.read(f, found, damaged)
		switch {
		case errors.Is(err, os.ErrNotExist): // only its notes are left
			_ = j.disk.remove(f.donePath())
		case err != nil:
			damaged(filepath.Base(f.path), err)
			j.next = max(j.next, first+fileLimit) // it holds fewer records than bytes
		default:
			j.mu.Lock()
			j.files = append(j.files, f)
			j.mu.Unlock()
		}
	}
	return nil
}

func (j *journal) name(first uint64) string {
	digits := strconv.FormatUint(first, 10)
	return j.prefix + strings.Repeat("0", max(0, 10-len(digits))) + digits + ".log"
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
	done := map[uint64]bool{}
	if notes, err := j.disk.read(f.donePath()); err == nil {
		splitLines(notes, func(_ int, text []byte) {
			if n, err := strconv.ParseUint(string(text), 10, 64); err == nil {
				done[n] = true
			}
		}, func(int, []byte) {}) // a note that is lost repeats a handover, which is harmless
	}
	f.size = int64(len(data))
	bad := func(at int, _ []byte) {
		f.damaged = true
		damaged(filepath.Base(f.path)+", at byte "+strconv.Itoa(at), errDamaged)
	}
	splitLines(data, func(at int, text []byte) {
		n, ok := numberOf(text)
		if !ok {
			bad(at, text)
			return
		}
		j.next = max(j.next, n+1)
		if !done[n] {
			f.open++
			found(record{n, place{f, int64(at), len(text)}}, text)
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
	f := j.current()
	if j.out == nil {
		var err error
		if f, err = j.begin(); err != nil {
			return nil, err
		}
	}
	var batch []byte
	records := make([]record, len(bodies))
	for i, body := range bodies {
		at := len(batch) + sumLength
		batch = appendLine(batch, strconv.AppendUint([]byte(recordStart), j.next, 10), []byte{','}, body[1:])
		records[i] = record{j.next, place{f, f.size + int64(at), len(batch) - at - 1}}
		j.next++
	}
	if err := j.disk.write(j.out, batch, true); err != nil {
		j.end()
		return nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	f.size += int64(len(batch))
	f.open += len(records)
	return records, nil
}

// current returns the file that is written to, after ending one that is large enough.
func (j *journal) current() *logFile {
	if j.out == nil {
		return nil
	}
	j.mu.Lock()
	f := j.files[len(j.files)-1]
	full := f.size >= j.most || f.open == 0 && f.size >= finishedLimit
	j.mu.Unlock()
	if full {
		j.end()
	}
	return f
}

// begin begins the file of the next record.
func (j *journal) begin() (*logFile, error) {
	f := &logFile{path: filepath.Join(j.dir, j.name(j.next))}
	out, err := j.disk.create(f.path)
	f.closed = err != nil
	j.mu.Lock()
	defer j.mu.Unlock()
	if err != nil {
		if _, there := os.Lstat(f.path); there == nil && !errors.Is(err, os.ErrExist) {
			j.files = append(j.files, f) // it was made, and is deleted with the finished ones
		}
		j.next++ // so that the next try has another name
		return nil, err
	}
	j.out, j.files = out, append(j.files, f)
	return f, nil
}

// end ends the current file: the next write begins another.
func (j *journal) end() {
	if j.out == nil {
		return
	}
	_ = j.out.Close()
	j.out = nil
	j.mu.Lock()
	defer j.mu.Unlock()
	j.files[len(j.files)-1].closed = true
}

// took notes that a record is finished. The next flush brings it to disk.
func (j *journal) took(r record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r.file.open--
	r.file.done = append(r.file.done, r.number)
}

// flush writes down what is finished, and deletes the files that hold nothing else. What fails is tried again with the
// next flush.
func (j *journal) flush(durably bool) error {
	j.mu.Lock()
	files := slices.Clone(j.files)
	j.mu.Unlock()
	var errs []error
	for _, f := range files {
		j.mu.Lock()
		finished, done := f.closed && f.open == 0, f.done
		f.done = nil
		j.mu.Unlock()
		var err error
		switch {
		case finished:
			if err = j.discard(f); err == nil {
				j.mu.Lock()
				j.files = slices.DeleteFunc(j.files, func(other *logFile) bool { return other == f })
				j.mu.Unlock()
				continue
			}
		case len(done) > 0:
			notes := []byte{'\n'} // after a note that was cut off by a full disk
			for _, n := range done {
				notes = appendLine(notes, strconv.AppendUint(nil, n, 10))
			}
			err = j.disk.note(f.donePath(), notes, durably)
		}
		if err != nil {
			errs = append(errs, err)
			j.mu.Lock()
			f.done = append(done, f.done...)
			j.mu.Unlock()
		}
	}
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

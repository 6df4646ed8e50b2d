package inbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A journal is a log of records, in files that are named after the number of their first record.
//
//   - A record is durable once write has returned nil. Numbers only grow, and none is used twice.
//   - Each start, and each failed write, begins a new file: after a failed fsync the content of the old one is unknown, so
//     nothing is written to it any more.
//   - The .done file beside a file lists its finished records. Once all are finished the file is deleted, which is
//     possible on a full disk, too. A file with a damaged line is kept as .damaged instead.
//
// finish may be called concurrently; everything else belongs to the goroutine that writes.
type journal struct {
	disk   disk
	dir    string
	prefix string // of its file names

	next  uint64     // number of the next record
	files []*logFile // ordered by number

	mu       sync.Mutex
	finished []record // since the last flush
}

// logFile is one file of a journal.
type logFile struct {
	path    string
	out     *os.File // only in the last file; nil: nothing more is written
	size    int64
	damaged bool     // a line does not match its checksum
	open    int      // records that aren't finished
	done    []uint64 // finished, but not listed on disk yet
}

func (f *logFile) donePath() string { return strings.TrimSuffix(f.path, ".log") + ".done" }

// record is a durable record, written or loaded, and the position of its text.
type record struct {
	number uint64 // never 0
	file   *logFile
	at     int64
	length int
}

// errDamaged means that a record does not match its checksum.
var errDamaged = errors.New("damaged on disk")

// fileLimit is after how many bytes a new file is begun: large enough that there are few files, and small enough that an
// event that can't be handed on keeps little space occupied.
const fileLimit = 4 << 20

// load reads all files and calls found with each unfinished record and its text, in order. It calls damaged for each line
// that does not match its checksum, and for each file that can't be read.
func (j *journal) load(found func(record, []byte), damaged func(name string, err error)) error {
	entries, err := os.ReadDir(j.dir)
	if err != nil {
		return err
	}
	j.files = nil
	for _, first := range j.numbers(entries) {
		f := &logFile{path: j.path(first)}
		j.next = max(j.next, first+1) // even if the file's first line is damaged
		err := j.read(f, found, damaged)
		switch {
		case errors.Is(err, os.ErrNotExist): // only its .done file is left
			_ = j.disk.remove(f.donePath())
		case err != nil:
			damaged(filepath.Base(f.path), err)
			j.next = max(j.next, first+fileLimit) // it has fewer records than bytes
		default:
			j.files = append(j.files, f)
		}
	}
	return nil
}

// path returns the path of the file that begins with a record.
func (j *journal) path(first uint64) string {
	return filepath.Join(j.dir, fmt.Sprintf("%s%010d.log", j.prefix, first))
}

var fileName = regexp.MustCompile(`^(|dead-|refused-)([0-9]{1,18})\.(log|done|log\.damaged)$`)

// numbers returns the numbers of the journal's files, in order.
func (j *journal) numbers(entries []os.DirEntry) []uint64 {
	var numbers []uint64
	for _, e := range entries {
		if parts := fileName.FindStringSubmatch(e.Name()); parts != nil && parts[1] == j.prefix {
			n, _ := strconv.ParseUint(parts[2], 10, 64)
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// read reads a file, except for the records that its .done file lists.
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
		}, func(int) {}) // if a line is lost a handover is repeated, which is harmless
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

// numberOf returns the number at the beginning of a record's text.
func numberOf(text []byte) (uint64, bool) {
	rest, ok := strings.CutPrefix(string(text[:min(len(text), 40)]), recordStart)
	digits, _, ended := strings.Cut(rest, ",")
	n, err := strconv.ParseUint(digits, 10, 63)
	return n, ok && ended && err == nil
}

// write makes records of bodies, which are nonempty JSON objects, all or none of them. After an error it is unknown whether
// a later start will find them.
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

// current returns the file to write to. It begins a new one if there is none, or the last is large enough.
func (j *journal) current() (f *logFile, err error) {
	if n := len(j.files); n > 0 {
		f = j.files[n-1]
		if f.out != nil && f.size < fileLimit {
			return f, nil
		}
		j.end()
	}
	f = &logFile{path: j.path(j.next)}
	if f.out, err = j.disk.create(f.path); err != nil {
		j.next++ // so that the next attempt uses another name
	}
	if !errors.Is(err, os.ErrExist) {
		j.files = append(j.files, f) // if it could not be created, it is deleted with the finished ones
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

// finish marks a record as finished. The next flush writes that to disk.
func (j *journal) finish(r record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.finished = append(j.finished, r)
}

// flush lists finished records on disk, and deletes the files that contain no others. What fails is tried again by the next
// flush.
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
			notes := []byte{'\n'} // in case a full disk cut off the last line
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

// discard deletes a finished file, and then its .done file, without which its records would be handed on again. A file with
// damaged lines is renamed instead.
func (j *journal) discard(f *logFile) error {
	away := func() error { return j.disk.remove(f.path) }
	if f.damaged {
		away = func() error {
			return j.disk.try("rename", f.path, func() error { return os.Rename(f.path, f.path+".damaged") })
		}
	}
	if err := away(); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return j.disk.remove(f.donePath())
}

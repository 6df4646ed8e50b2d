package inbox

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
)

// disk makes all calls to the file system. before is only set by tests, which let calls fail or hang.
type disk struct {
	before func(op, path string) error
}

func (d disk) try(op, path string, do func() error) error {
	if d.before != nil {
		if err := d.before(op, path); err != nil {
			return &os.PathError{Op: op, Path: path, Err: err}
		}
	}
	return do()
}

func (d disk) open(op, path string, flag int) (f *os.File, err error) {
	err = d.try(op, path, func() error { f, err = os.OpenFile(path, flag, 0o600); return err })
	return f, err
}

// create creates a new file for appending, and syncs the folder so that its name is durable.
func (d disk) create(path string) (*os.File, error) {
	f, err := d.open("create", path, os.O_CREATE|os.O_EXCL|os.O_APPEND|os.O_WRONLY)
	if err != nil {
		return nil, err
	}
	if err := d.syncDir(filepath.Dir(path)); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func (d disk) syncDir(path string) error {
	dir, err := d.open("syncdir", path, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// write appends b to f, durably if sync is set.
func (d disk) write(f *os.File, b []byte, sync bool) error {
	if err := d.try("write", f.Name(), func() error { _, err := f.Write(b); return err }); err != nil || !sync {
		return err
	}
	return d.try("sync", f.Name(), f.Sync)
}

// note appends b to the file at path, creating it if necessary.
func (d disk) note(path string, b []byte, sync bool) error {
	f, err := d.open("open", path, os.O_CREATE|os.O_APPEND|os.O_WRONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	return d.write(f, b, sync)
}

// remove deletes a file. It is no error if the file does not exist.
func (d disk) remove(path string) error {
	err := d.try("remove", path, func() error { return os.Remove(path) })
	if os.IsNotExist(err) {
		return nil
	}
	return err
}

func (d disk) read(path string) (b []byte, err error) {
	err = d.try("read", path, func() error { b, err = os.ReadFile(path); return err })
	return b, err
}

// readRecord reads a record's text and verifies its checksum.
func (d disk) readRecord(r record) (text []byte, err error) {
	f, err := d.open("read", r.file.path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	line := make([]byte, sumLength+r.length)
	if _, err := f.ReadAt(line, r.at-int64(sumLength)); err != nil {
		return nil, err
	}
	if _, ok := parseLine(line); !ok {
		err = fmt.Errorf("%s at byte %d: %w", filepath.Base(r.file.path), r.at, errDamaged)
	}
	return line[sumLength:], err
}

// probeSize is more than a delivery with a few events of the maximum size needs.
const probeSize = 64 << 10

// probe writes as much as a large delivery, and deletes it.
func (d disk) probe(dir string) error {
	path := filepath.Join(dir, "probe")
	if err := d.remove(path); err != nil {
		return err
	}
	err := d.note(path, bytes.Repeat([]byte{'\n'}, probeSize), true)
	return cmp.Or(err, d.remove(path))
}

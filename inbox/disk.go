package inbox

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// disk is the one way to the files of the folder. before is nil but in tests, which let single calls fail or hang.
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

// create makes a file that isn't there yet, to be appended to, and makes sure that its name is on disk.
func (d disk) create(path string) (f *os.File, err error) {
	err = d.try("create", path, func() error {
		f, err = os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_APPEND|os.O_WRONLY, 0o600)
		return err
	})
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
	return d.try("syncdir", path, func() error {
		dir, err := os.Open(path)
		if err != nil {
			return err
		}
		defer dir.Close()
		return dir.Sync()
	})
}

// write appends b to f, durably if sync is set.
func (d disk) write(f *os.File, b []byte, sync bool) error {
	if err := d.try("write", f.Name(), func() error { _, err := f.Write(b); return err }); err != nil || !sync {
		return err
	}
	return d.try("sync", f.Name(), f.Sync)
}

// note appends b to the file at path, which is made if it is missing.
func (d disk) note(path string, b []byte, sync bool) error {
	var f *os.File
	err := d.try("open", path, func() (err error) {
		f, err = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		return err
	})
	if err != nil {
		return err
	}
	defer f.Close()
	return d.write(f, b, sync)
}

func (d disk) remove(path string) error {
	return d.try("remove", path, func() error {
		if err := os.Remove(path); !os.IsNotExist(err) {
			return err
		}
		return nil
	})
}

func (d disk) rename(from, to string) error {
	return d.try("rename", from, func() error { return os.Rename(from, to) })
}

func (d disk) read(path string) (b []byte, err error) {
	err = d.try("read", path, func() error { b, err = os.ReadFile(path); return err })
	return b, err
}

// readAt reads one record's text, and checks it against its checksum once more.
func (d disk) readAt(p place) (text []byte, err error) {
	err = d.try("read", p.file.path, func() error {
		f, err := os.Open(p.file.path)
		if err != nil {
			return err
		}
		defer f.Close()
		line := make([]byte, p.length+sumLength)
		if _, err := f.ReadAt(line, p.at-int64(sumLength)); err != nil {
			return err
		}
		text = line[sumLength:]
		if _, ok := parseLine(line); !ok {
			return fmt.Errorf("%s at byte %d: %w", filepath.Base(p.file.path), p.at, errDamaged)
		}
		return nil
	})
	return text, err
}

// probeSize is more than a delivery with a few events of the largest size needs.
const probeSize = 64 << 10

// probe writes as much as a large delivery and takes it away again.
func (d disk) probe(dir string) error {
	path := filepath.Join(dir, "probe")
	if err := d.remove(path); err != nil {
		return err
	}
	err := d.note(path, bytes.Repeat([]byte{'\n'}, probeSize), true)
	if gone := d.remove(path); err == nil {
		err = gone
	}
	return err
}

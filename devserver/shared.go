package devserver

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// errLocked means that another process, or this one, has locked a file.
var errLocked = errors.New("it is locked already")

// sharedFolder returns a folder for lock files that processes of all users of this machine share.
func sharedFolder(name string) (string, error) {
	folder := filepath.Join(os.TempDir(), name)
	if err := os.Mkdir(folder, 0o777); err == nil {
		// Everybody may add files, nobody may remove those of others. The umask has restricted the mode.
		if err := os.Chmod(folder, 0o777|os.ModeSticky); err != nil {
			return "", err
		}
	} else if !errors.Is(err, os.ErrExist) {
		return "", err
	}
	return folder, nil
}

// openShared opens a file that several users share, creating it if necessary. Its content does not matter.
func openShared(path string) (*os.File, error) {
	for {
		// Without O_CREATE, which systems refuse for another user's file in a sticky folder.
		f, err := os.Open(path)
		if !errors.Is(err, os.ErrNotExist) {
			return f, err
		}
		f, err = os.OpenFile(path, os.O_RDONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if !errors.Is(err, os.ErrExist) {
			return f, err
		}
	}
}

// ErrHeld means that a file is held already, by this process or another one.
var ErrHeld = errLocked

// Hold locks a file, creating it if necessary, until release is called or the process ends in any way. The error is
// ErrHeld if it is locked already. On a file system without locks Hold does nothing and returns no error.
func Hold(path string) (release func(), err error) {
	held, err := lockFile(path)
	var fault *fs.PathError
	switch {
	case err == nil:
		return func() { _ = held.Close() }, nil
	case errors.Is(err, errLocked), errors.As(err, &fault):
		return nil, err
	}
	return func() {}, nil
}

const (
	turnInterval = 200 * time.Millisecond // between attempts to get the turn
	turnNotice   = time.Minute            // after which people may wonder why nothing happens
)

// Turn waits until no other process of this machine has the turn, and returns a function that ends this one's; the end
// of the process does so, too. Tests that run Temporal take turns, because on few cores several at once are slower than
// one after another. After a minute of waiting Turn says so on out. After maxWait it returns without the turn; 0 means
// no limit. A child process does not inherit the turn, and must not ask for one.
func Turn(maxWait time.Duration, out io.Writer) (end func()) {
	folder, err := sharedFolder("fieldmarshal-turns")
	if err != nil {
		return func() {}
	}
	return turn(filepath.Join(folder, "temporal"), maxWait, turnNotice, out)
}

// TestTurn is Turn for a test program, called after the flags are parsed and before the tests run. It waits for half of
// go test's timeout, so that the other half is left for the tests.
func TestTurn() (end func()) {
	timeout := time.Duration(0)
	if given := flag.Lookup("test.timeout"); given != nil {
		timeout, _ = time.ParseDuration(given.Value.String())
	}
	return Turn(timeout/2, os.Stderr)
}

func turn(path string, maxWait, notice time.Duration, out io.Writer) (end func()) {
	start, noticed := time.Now(), false
	for {
		held, err := lockFile(path)
		waited := time.Since(start)
		switch {
		case err == nil:
			return func() { _ = held.Close() }
		case !errors.Is(err, errLocked): // this system has no locks
			return func() {}
		case maxWait > 0 && waited > maxWait:
			fmt.Fprintf(out, "another process has been running a Temporal server for %s: continuing beside it\n", waited.Round(time.Second))
			return func() {}
		case waited > notice && !noticed:
			fmt.Fprintf(out, "waiting for another process that is running a Temporal server (%s is locked)\n", path)
			noticed = true
		}
		time.Sleep(turnInterval)
	}
}

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

// lockFolder returns a folder for lock files that the processes of this user share.
func lockFolder(name string) (string, error) {
	folder := filepath.Join(os.TempDir(), name)
	return folder, os.MkdirAll(folder, 0o700)
}

// ErrHeld means that a file is locked already, by this process or another one.
var ErrHeld = errors.New("it is locked already")

// Hold locks a file, creating it if necessary, until release is called or the process ends in any way. The error is
// ErrHeld if it is locked already. On a file system without locks Hold does nothing and returns no error.
func Hold(path string) (release func(), err error) {
	held, err := lockFile(path)
	var fault *fs.PathError
	switch {
	case err == nil:
		return func() { _ = held.Close() }, nil
	case errors.Is(err, ErrHeld), errors.As(err, &fault):
		return nil, err
	}
	return func() {}, nil
}

const (
	turnInterval = 200 * time.Millisecond // between attempts to get the turn
	turnNotice   = time.Minute            // after which people may wonder why nothing happens
)

// TestTurn waits until no other test program of this user has the turn, and returns a function that ends this one's; the
// end of the process does so, too. Tests that run Temporal take turns, because on few cores several at once are slower
// than one after another. It is called after the flags are parsed and before the tests run. After half of go test's
// timeout it returns without the turn, so that the other half is left for the tests. A child process does not inherit
// the turn, and must not ask for one. With -short nobody waits: what is left then is little.
func TestTurn() (end func()) {
	if short := flag.Lookup("test.short"); short != nil && short.Value.String() == "true" {
		return func() {}
	}
	folder, err := lockFolder("fieldmarshal-turns")
	if err != nil {
		return func() {}
	}
	timeout := time.Duration(0)
	if given := flag.Lookup("test.timeout"); given != nil {
		timeout, _ = time.ParseDuration(given.Value.String())
	}
	return turn(filepath.Join(folder, "temporal"), timeout/2, turnNotice, os.Stderr)
}

// turn waits for at most maxWait, without limit if that is 0. After notice it says on out that it waits.
func turn(path string, maxWait, notice time.Duration, out io.Writer) (end func()) {
	start, noticed := time.Now(), false
	for {
		held, err := lockFile(path)
		waited := time.Since(start)
		switch {
		case err == nil:
			return func() { _ = held.Close() }
		case !errors.Is(err, ErrHeld): // this system has no locks
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

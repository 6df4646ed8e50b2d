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

// errLocked says that another process, or this one, holds a file.
var errLocked = errors.New("it is held already")

// sharedFolder is a folder for the files by which processes of this machine tell one another what they hold,
// whoever runs them.
func sharedFolder(name string) (string, error) {
	folder := filepath.Join(os.TempDir(), name)
	if err := os.Mkdir(folder, 0o777); err == nil {
		// Everybody may add files, nobody may take away those of others. The umask has taken some of it.
		if err := os.Chmod(folder, 0o777|os.ModeSticky); err != nil {
			return "", err
		}
	} else if !errors.Is(err, os.ErrExist) {
		return "", err
	}
	return folder, nil
}

// openShared opens a file of several users, and makes it where there is none. What is in it is of no account.
func openShared(path string) (*os.File, error) {
	for {
		// Without O_CREATE: where it is there, and is another user's, systems refuse that in such a folder.
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

// ErrHeld says that another process holds a file, or another part of this one.
var ErrHeld = errLocked

// Hold holds a file, which it makes if need be, until release is called or the process ends, however it ends. If
// somebody else holds it the error is ErrHeld. On a file system that knows no locks nothing is held, which is no error.
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
	turnEvery = 200 * time.Millisecond // how often it is looked whose turn it is
	turnTold  = time.Minute            // after which somebody may wonder why nothing happens
)

// Turn waits until no other process of this machine has its turn, and gives what ends this one's; the end of the
// process does too. Tests that run Temporal take turns, as several at once on few cores are slower than one after
// another. Who has waited for a minute says so to out; who has waited for as long as most goes on all the same, 0
// is without end. A child of the process does not inherit its turn, and must not ask for one.
func Turn(most time.Duration, out io.Writer) (end func()) {
	folder, err := sharedFolder("fieldmarshal-turns")
	if err != nil {
		return func() {}
	}
	return turn(filepath.Join(folder, "temporal"), most, turnTold, out)
}

// TestTurn is a Turn for a whole test program, asked for before its tests and after its flags are parsed. It waits
// for half the time that go test gives the program: then the other half is left for the tests.
func TestTurn() (end func()) {
	most := time.Duration(0)
	if given := flag.Lookup("test.timeout"); given != nil {
		most, _ = time.ParseDuration(given.Value.String())
	}
	return Turn(most/2, os.Stderr)
}

func turn(path string, most, told time.Duration, out io.Writer) (end func()) {
	began, said := time.Now(), false
	for {
		held, err := lockFile(path)
		waited := time.Since(began)
		switch {
		case err == nil:
			return func() { _ = held.Close() }
		case !errors.Is(err, errLocked): // this system can't tell
			return func() {}
		case most > 0 && waited > most:
			fmt.Fprintf(out, "another process has run a Temporal server for %s: going on beside it\n", waited.Round(time.Second))
			return func() {}
		case waited > told && !said:
			fmt.Fprintf(out, "waiting for another process that runs a Temporal server (%s is locked)\n", path)
			said = true
		}
		time.Sleep(turnEvery)
	}
}

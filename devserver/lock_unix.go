//go:build unix && !aix && !illumos && !solaris

package devserver

import (
	"errors"
	"os"
	"syscall"
)

// lockFile locks a file for this process until it is closed or the process ends in any way. The error is ErrHeld if it
// is locked already. Child processes don't inherit the lock, because Go opens files with O_CLOEXEC.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, ErrHeld
	}
	return nil, err
}

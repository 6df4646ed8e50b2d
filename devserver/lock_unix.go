//go:build unix && !aix && !illumos && !solaris

package devserver

import (
	"errors"
	"os"
	"syscall"
)

// lockFile holds a file for this process until it is closed or the process ends, however it ends. Where somebody
// else holds it the error is errLocked. Children don't inherit it: Go opens files so that they are closed there.
func lockFile(path string) (*os.File, error) {
	f, err := openShared(path)
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
		return nil, errLocked
	}
	return nil, err
}

//go:build unix

package inbox

import (
	"os"
	"syscall"
)

// flock takes the file for this process alone, until it is closed or the process ends.
func flock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

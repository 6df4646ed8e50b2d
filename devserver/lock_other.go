//go:build !unix || aix || illumos || solaris

package devserver

import (
	"errors"
	"os"
)

// lockFile is not supported on this system.
func lockFile(string) (*os.File, error) { return nil, errors.ErrUnsupported }

//go:build !unix || aix || illumos || solaris

package devserver

import (
	"errors"
	"os"
)

// lockFile can't be done here: processes don't know of one another.
func lockFile(string) (*os.File, error) { return nil, errors.ErrUnsupported }

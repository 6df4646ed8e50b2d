package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"fieldmarshal/devserver"
)

// lockName is the file in the data folder by which one run holds it. It has the port of that run's page.
const lockName = "dev.lock"

// claim takes the data folder for this run alone, and empties it for a demo. Two runs on one folder would write to
// one database and one inbox, and a second demo would delete the first one's data.
func (s *stack) claim() error {
	if err := os.MkdirAll(s.data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	lock := filepath.Join(s.data, lockName)
	release, err := devserver.Hold(lock)
	if errors.Is(err, devserver.ErrHeld) {
		who, where := "dev", ""
		if s.flags.demo {
			who = "a demo"
		}
		if page, _ := os.ReadFile(lock); len(page) > 0 {
			where = fmt.Sprintf(" (%s)", page)
		}
		return fmt.Errorf("%s already runs here%s: stop it, or name another folder with -data", who, where)
	}
	if err != nil {
		return fmt.Errorf("hold the data folder: %w", err)
	}
	s.stops = append(s.stops, release)
	if s.flags.demo {
		if err := empty(s.data); err != nil {
			return fmt.Errorf("start the demo afresh: %w", err)
		}
	}
	return os.WriteFile(lock, nil, 0o644) // a port that stands there is of an earlier run
}

// empty removes everything from a folder but what holds it.
func empty(folder string) error {
	entries, err := os.ReadDir(folder)
	for _, entry := range entries {
		if entry.Name() != lockName {
			err = errors.Join(err, os.RemoveAll(filepath.Join(folder, entry.Name())))
		}
	}
	return err
}

// tellPort leaves the port of this run's page for a run that is refused.
func (s *stack) tellPort() error {
	return os.WriteFile(filepath.Join(s.data, lockName), []byte(strconv.Itoa(port(s.page))), 0o644)
}

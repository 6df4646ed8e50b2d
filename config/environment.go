package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/joho/godotenv"
)

// Environment is the environment together with what a .env file adds to it. It serves as the EnvLookup of
// Temporal's envconfig, so that TEMPORAL_ variables may stand in the file too.
type Environment map[string]string

// ReadEnvironment adds to environ (as os.Environ gives it) what dir's .env sets and environ does not. A
// missing file adds nothing. The process's own environment is left as it is.
func ReadEnvironment(dir string, environ []string) (Environment, error) {
	path := filepath.Join(dir, ".env")
	env, err := godotenv.Read(path)
	var fault *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		env = map[string]string{}
	case errors.As(err, &fault):
		return nil, fmt.Errorf("read %s: %w", path, fault.Err)
	case err != nil: // its text may hold a line of the file, and so a secret
		return nil, fmt.Errorf("read %s: it has a line that is not NAME=value", path)
	}
	for _, line := range environ {
		if name, value, ok := strings.Cut(line, "="); ok && name != "" {
			env[name] = value
		}
	}
	return env, nil
}

// FromEnv is Load for the process's environment and dir's .env.
func FromEnv(dir string, parts Part, checks ...Check) (Config, Environment, error) {
	env, err := ReadEnvironment(dir, os.Environ())
	if err != nil {
		return Config{}, nil, err
	}
	c, err := Load(env.Get, parts, checks...)
	return c, env, err
}

// Get is the value of a variable; empty where there is none.
func (e Environment) Get(name string) string { return e[name] }

// LookupEnv tells a variable that is empty from one that is not set.
func (e Environment) LookupEnv(name string) (string, bool) {
	value, ok := e[name]
	return value, ok
}

// Environ lists the variables as NAME=value, sorted.
func (e Environment) Environ() []string {
	lines := make([]string, 0, len(e))
	for name, value := range e {
		lines = append(lines, name+"="+value)
	}
	slices.Sort(lines)
	return lines
}

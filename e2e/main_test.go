package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"fieldmarshal/devserver"
)

var record = flag.Bool("record", false, "record workflow histories for replay, see world.record")

var (
	server  *devserver.Server
	program string // the path of the built program
)

func TestMain(m *testing.M) {
	flag.Parse()
	if !isFlagSet("test.parallel") {
		_ = flag.Set("test.parallel", "6") // tests wait more than they compute
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "fieldmarshal-e2e-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	// Needs no timeout: go test has one.
	program = filepath.Join(dir, "fieldmarshal")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build the program: %w\n%s", err, out)
	}
	defer devserver.TestTurn()() // a child that runs Temporal never gets here
	if server, err = startTemporal(context.Background()); err != nil {
		return 1, err
	}
	defer server.Stop()
	return m.Run(), nil
}

// isFlagSet reports whether a flag was set on the command line.
func isFlagSet(name string) (is bool) {
	flag.Visit(func(f *flag.Flag) { is = is || f.Name == name })
	return is
}

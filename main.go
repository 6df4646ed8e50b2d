// Fieldmarshal turns Prodege's project status webhooks into durable work. The program itself is in package program, so
// that tests can start it; main passes it the process's arguments, environment and output.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"fieldmarshal/program"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(program.Run(ctx, program.Invocation{Args: os.Args[1:], Dir: ".", Env: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr}))
}

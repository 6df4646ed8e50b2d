package operator

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/serviceerror"

	"fieldmarshal/workflows"
)

// Exit codes of the commands.
const (
	ExitFailed   = 1 // something went wrong, or the outcome is not known
	ExitUsage    = 2 // the command line or the configuration is wrong: nothing was done
	ExitNoEffect = 3 // the object does not exist, or the command had no effect
)

// Fault is a command's error, with the exit code that it ends in.
type Fault struct {
	Code int
	Err  error // nil: everything was said already
}

// Error says what went wrong in one line that is fit to be printed: it may hold texts from outside.
func (f *Fault) Error() string {
	if f.Err == nil {
		return fmt.Sprintf("exit code %d", f.Code)
	}
	return oneLine(f.Err.Error())
}

// Unwrap returns the fault itself.
func (f *Fault) Unwrap() error { return f.Err }

func failed(format string, args ...any) error {
	return &Fault{ExitFailed, fmt.Errorf(format, args...)}
}

func usageError(format string, args ...any) error {
	return &Fault{ExitUsage, fmt.Errorf(format, args...)}
}

func noEffect(format string, args ...any) error {
	return &Fault{ExitNoEffect, fmt.Errorf(format, args...)}
}

// errNoWorker says that a workflow could not be asked.
var errNoWorker = errors.New("temporal answers, but no worker does: start `fieldmarshal worker` (`fieldmarshal list` needs none)")

// explained turns a fault of a call to Temporal into a sentence that says what to do. If a call timed out it asks Temporal
// once more: a query does so, too, if only the worker is away.
func (c *call) explained(err error, what string) error {
	if err == nil || errors.As(err, new(*Fault)) {
		return err
	}
	var denied *serviceerror.PermissionDenied
	var namespace *serviceerror.NamespaceNotFound
	var notReady *serviceerror.WorkflowNotReady
	var noPoller *serviceerror.FailedPrecondition // "no poller seen for task queue recently"
	var late *serviceerror.DeadlineExceeded
	switch {
	case errors.Is(err, workflows.ErrClosed):
		return noEffect("%s: it is not known here", what)
	case errors.As(err, &namespace):
		return failed("%s: temporal has no namespace %q: create it, or set TEMPORAL_NAMESPACE", what, c.world.Facts.Namespace)
	case errors.As(err, &denied):
		return failed("%s: temporal refuses us: check TEMPORAL_API_KEY or the certificate (%w)", what, err)
	case errors.As(err, &notReady), errors.As(err, &noPoller), errors.Is(err, errNoWorker):
		return failed("%s: %w", what, errNoWorker)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), healthTimeout)
	defer cancel()
	switch {
	case c.world.Flows.Health(ctx) != nil:
		return failed("%s: temporal does not answer at %s: is it running, and is TEMPORAL_ADDRESS right?", what, c.world.Facts.TemporalAddress)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &late):
		return failed("%s: %w", what, errNoWorker)
	}
	return failed("%s: %w", what, err)
}

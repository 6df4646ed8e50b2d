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
	ExitFailed = 1 // something went wrong, or it is not known what came of it
	ExitUsage  = 2 // the command line or the configuration is wrong: nothing was done
	ExitVain   = 3 // what was asked for is not there, or did not count
)

// Fault is a command's error, with the exit code that it ends in.
type Fault struct {
	Code int
	Err  error // nil: everything was said already
}

// Error says what went wrong, fit to be printed: it may hold texts from outside.
func (f *Fault) Error() string {
	if f.Err == nil {
		return fmt.Sprintf("exit code %d", f.Code)
	}
	return printable(f.Err.Error())
}

// Unwrap gives the fault itself.
func (f *Fault) Unwrap() error { return f.Err }

func failed(format string, args ...any) error {
	return &Fault{ExitFailed, fmt.Errorf(format, args...)}
}

func misused(format string, args ...any) error { return &Fault{ExitUsage, fmt.Errorf(format, args...)} }

func inVain(format string, args ...any) error { return &Fault{ExitVain, fmt.Errorf(format, args...)} }

// said ends a command with a code whose reason stands in its output.
func said(code int) error {
	if code == 0 {
		return nil
	}
	return &Fault{Code: code}
}

// reached turns a fault of a call to Temporal into a sentence that says what to do. It asks Temporal once
// more where a call timed out: a query does so, too, where only the worker is away.
func (c *call) reached(err error, what string) error {
	if err == nil || errors.As(err, new(*Fault)) {
		return err
	}
	var denied *serviceerror.PermissionDenied
	var namespace *serviceerror.NamespaceNotFound
	switch {
	case errors.Is(err, workflows.ErrClosed):
		return inVain("%s: it is not known here", what)
	case errors.As(err, &namespace):
		return failed("%s: temporal has no namespace %q: create it, or set TEMPORAL_NAMESPACE", what, c.world.Facts.Namespace)
	case errors.As(err, &denied):
		return failed("%s: temporal refuses us: check TEMPORAL_API_KEY or the certificate (%w)", what, err)
	case noPoller(err):
		return failed("%s: %w", what, errNoWorker)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), healthTimeout)
	defer cancel()
	if health := c.world.Flows.Health(ctx); health != nil {
		return failed("%s: temporal does not answer at %s: is it running, and is TEMPORAL_ADDRESS right?", what, c.world.Facts.TemporalAddress)
	}
	if unanswered(err) {
		return failed("%s: %w", what, errNoWorker)
	}
	return failed("%s: %w", what, err)
}

// noPoller says whether Temporal knows that nobody answers a query.
func noPoller(err error) bool {
	var notReady *serviceerror.WorkflowNotReady
	var noPoller *serviceerror.FailedPrecondition // "no poller seen for task queue recently"
	return errors.As(err, &notReady) || errors.As(err, &noPoller)
}

// unanswered says whether nobody answered a query, whether Temporal knew that or a time ran out.
func unanswered(err error) bool {
	var late *serviceerror.DeadlineExceeded
	return noPoller(err) || errors.Is(err, errNoWorker) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &late)
}

// errNoWorker says that a workflow could not be asked.
var errNoWorker = errors.New("temporal answers, but no worker does: start `fieldmarshal worker` (`fieldmarshal list` needs none)")

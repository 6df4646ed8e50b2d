package workflows

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/mocks"

	"fieldmarshal/prodege"
)

// A call that ran out of the half of its time that the SDK gives it is made again while there is time.
func TestAClickIsHandedOverAgainWhereACallRanOutOfTime(t *testing.T) {
	for name, c := range map[string]struct {
		first error
		calls int
		want  error
	}{
		"taken":            {nil, 1, nil},
		"out of time":      {serviceerror.NewDeadlineExceeded("late"), 2, nil},
		"context deadline": {context.DeadlineExceeded, 2, nil},
		"closed":           {serviceerror.NewNotFound("gone"), 1, ErrClosed},
		"refused":          {errRefused, 1, errRefused},
	} {
		t.Run(name, func(t *testing.T) {
			temporal := mocks.NewClient(t)
			calls := 0
			temporal.On("SignalWorkflow", mock.Anything, "project-1-cpi-e", "", string(Decide), mock.Anything).Return(func(context.Context, string, string, string, any) error {
				if calls++; calls == 1 {
					return c.first
				}
				return nil
			})
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			err := NewClient(temporal, TaskQueue).Decide(ctx, "project-1-cpi-e", Decision{Click: "c"})
			if !errors.Is(err, c.want) || calls != c.calls {
				t.Errorf("%d calls, %v", calls, err)
			}
		})
	}
	temporal := mocks.NewClient(t)
	temporal.On("SignalWorkflow", mock.Anything, "w", "", string(Decide), mock.Anything).Return(serviceerror.NewDeadlineExceeded("late"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := NewClient(temporal, TaskQueue).Decide(ctx, "w", Decision{}); err == nil {
		t.Error("nothing was handed over, and it is no fault")
	}
}

var errRefused = errors.New("refused")

// TestWhatIsRefusedForGood: only the payload itself makes an event a dead letter; all else passes.
func TestWhatIsRefusedForGood(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		final bool
	}{
		"taken":             {nil, false},
		"payload too large": {serviceerror.NewInvalidArgument("Blob data size exceeds limit."), true},
		"payload encoding":  {serviceerror.NewInvalidArgument("invalid Payload encoding"), true},
		"10,000 signals":    {serviceerror.NewInvalidArgument("exceeded workflow execution limit for signal events"), false},
		"history size":      {serviceerror.NewInvalidArgument("Workflow history size exceeds limit."), false},
		"mutable state":     {serviceerror.NewInvalidArgument("Workflow mutable state size exceeds limit."), false},
		"task queue":        {serviceerror.NewInvalidArgument("TaskQueue length exceeds limit"), false},
		"busy":              {&serviceerror.ResourceExhausted{Message: "workflow is busy"}, false},
		"no permission":     {serviceerror.NewPermissionDenied("no", ""), false},
		"no namespace":      {serviceerror.NewNamespaceNotFound("default"), false},
		"away":              {serviceerror.NewUnavailable("payload"), false},
	} {
		t.Run(name, func(t *testing.T) {
			temporal := mocks.NewClient(t)
			temporal.On("SignalWithStartWorkflow", mock.Anything, "project-7", string(StatusUpdate), mock.Anything, mock.Anything, TypeProject, mock.Anything).Return(nil, c.err)
			err := NewClient(temporal, TaskQueue).Deliver(t.Context(), prodege.Event{ID: "e", ProjectID: 7})
			if errors.Is(err, ErrForGood) != c.final || (err == nil) != (c.err == nil) {
				t.Errorf("final: %t, %v", errors.Is(err, ErrForGood), err)
			}
		})
	}
}

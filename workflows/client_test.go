package workflows

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/mocks"
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

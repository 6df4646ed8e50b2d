package worker

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"fieldmarshal/workflows"
)

// schedules is a fake Temporal with one schedule, or one that refuses to have any.
type schedules struct {
	client.ScheduleClient
	client.ScheduleHandle

	held   *client.Schedule
	faults []error // of the next calls, one each
	taken  bool    // somebody else creates it first
	calls  []string
}

func (s *schedules) GetHandle(context.Context, string) client.ScheduleHandle { return s }
func (s *schedules) GetID() string                                           { return workflows.ReportID }

// reached is a client with nothing but schedules.
type reached struct {
	client.Client
	schedules *schedules
}

func (r reached) ScheduleClient() client.ScheduleClient { return r.schedules }

func (s *schedules) call(name string) error {
	s.calls = append(s.calls, name)
	if len(s.faults) > 0 {
		fault := s.faults[0]
		s.faults = s.faults[1:]
		return fault
	}
	return nil
}

func (s *schedules) Describe(context.Context) (*client.ScheduleDescription, error) {
	if err := s.call("describe"); err != nil {
		return nil, err
	}
	if s.held == nil {
		return nil, serviceerror.NewNotFound("no such schedule")
	}
	return &client.ScheduleDescription{Schedule: *s.held}, nil
}

func (s *schedules) Create(_ context.Context, o client.ScheduleOptions) (client.ScheduleHandle, error) {
	if err := s.call("create"); err != nil {
		return nil, err
	}
	if s.taken {
		return nil, temporal.ErrScheduleAlreadyRunning
	}
	s.held = &client.Schedule{Spec: &o.Spec, Action: o.Action, State: &client.ScheduleState{}}
	return s, nil
}

func (s *schedules) Update(_ context.Context, o client.ScheduleUpdateOptions) error {
	if err := s.call("update"); err != nil {
		return err
	}
	changed, err := o.DoUpdate(client.ScheduleUpdateInput{Description: client.ScheduleDescription{Schedule: *s.held}})
	s.held = changed.Schedule
	return err
}

func (s *schedules) Delete(context.Context) error {
	s.held = nil
	return s.call("delete")
}

func TestTheScheduleIsKeptTrueToTheConfiguration(t *testing.T) {
	const monday, friday = "Mon 09:00 America/New_York", "fri 16:30 Europe/Berlin"
	denied := serviceerror.NewPermissionDenied("not yours", "")
	held := func(digest string, change func(*client.Schedule)) *client.Schedule {
		at, err := parseWeekly(digest)
		if err != nil {
			t.Fatal(err)
		}
		spec := at.spec()
		spec.Calendars[0].Minute[0].End = spec.Calendars[0].Minute[0].Start // as Temporal returns it
		s := &client.Schedule{Spec: &spec, State: &client.ScheduleState{}, Action: &client.ScheduleWorkflowAction{Workflow: workflows.TypeReport, TaskQueue: "q"}}
		if change != nil {
			change(s)
		}
		return s
	}
	for name, c := range map[string]struct {
		digest string
		held   *client.Schedule
		faults []error
		taken  bool
		calls  string
		says   string // in the log; empty: nothing
	}{
		"made":                         {digest: monday, calls: "describe create", says: "is scheduled"},
		"as it is":                     {digest: monday, held: held(monday, nil), calls: "describe"},
		"another time":                 {digest: friday, held: held(monday, nil), calls: "describe update", says: "was rescheduled"},
		"another queue":                {digest: monday, held: held(monday, func(s *client.Schedule) { s.Action.(*client.ScheduleWorkflowAction).TaskQueue = "old" }), calls: "describe update", says: "was rescheduled"},
		"paused by people":             {digest: friday, held: held(monday, func(s *client.Schedule) { s.State.Paused = true }), calls: "describe update", says: "was rescheduled"},
		"deleted":                      {held: held(monday, nil), calls: "describe delete", says: "weekly report was removed"},
		"never":                        {calls: "describe"},
		"another worker was faster":    {digest: monday, taken: true, calls: "describe create", says: "is scheduled"},
		"Temporal away for a moment":   {digest: monday, faults: []error{errors.New("away"), errors.New("away")}, calls: "describe describe describe create", says: "will try again"},
		"we may not":                   {digest: monday, faults: []error{nil, denied}, calls: "describe create", says: "there will be no weekly report"},
		"we may not, and need not":     {faults: []error{denied}, calls: "describe"},
		"a Temporal without schedules": {digest: monday, faults: []error{serviceerror.NewUnimplemented("no")}, calls: "describe", says: "there will be no weekly report"},
		"deleted by another meanwhile": {held: held(monday, nil), faults: []error{nil, serviceerror.NewNotFound("gone")}, calls: "describe delete", says: "weekly report was removed"},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			s := &schedules{held: c.held, faults: c.faults, taken: c.taken}
			paused := s.held != nil && s.held.State.Paused
			w := &Worker{options: Options{Client: reached{schedules: s}, TaskQueue: "q", Digest: c.digest, PollInterval: time.Millisecond}, log: slog.New(slog.NewTextHandler(&log, nil))}
			if c.digest != "" {
				w.digest, _ = parseWeekly(c.digest)
			}
			w.keepSchedule(t.Context())
			if got := strings.Join(s.calls, " "); got != c.calls {
				t.Errorf("called %s, want %s", got, c.calls)
			}
			if c.says == "" && log.Len() > 0 || !strings.Contains(log.String(), c.says) {
				t.Errorf("it logged, wanted %q:\n%s", c.says, &log)
			}
			if s.held != nil && (!w.digest.is(s.held.Spec) || !w.starts(s.held.Action) || s.held.State.Paused != paused) {
				t.Errorf("the schedule is %+v, %+v", s.held.Spec, s.held.State)
			}
		})
	}
}

func TestWeekly(t *testing.T) {
	for _, text := range []string{"", "Mon 09:00", "Day 09:00 UTC", "Mon 24:00 UTC", "Mon 09:00 Nowhere/City", "Mon 09:00 UTC now", "Mon 09:00 Local", "Monday 9:00 Mars"} {
		if _, err := parseWeekly(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	if at, err := parseWeekly("sun 00:05 Europe/Berlin"); err != nil || at != (weekly{time.Sunday, 0, 5, "Europe/Berlin"}) {
		t.Errorf("%+v, %v", at, err)
	}
}

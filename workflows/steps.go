package workflows

import (
	"errors"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
)

// Typed steps: one function an activity, with its time limits, retry policy and what the UI's timeline says.

var (
	slackSteps   *activities.Slack
	prodegeSteps *activities.Prodege
	billingSteps *activities.Billing
	reportSteps  *activities.Reports
)

const (
	// attempt bounds one try of any activity; the worker's stop timeout is longer.
	attempt = 30 * time.Second
	// queueWait is how long a post waits for its channel's own queue before it is asked whether anybody serves that.
	// Nobody does where the configuration names another channel now: then the main queue says it.
	queueWait = 10 * time.Minute
	// foldAfter is how long an alert waits for its turn before it becomes a line of a digest.
	foldAfter = time.Minute
	// foldSlack is how much later than that we may learn of it while workers run.
	foldSlack = 10 * time.Second
	// readLimit bounds how long a message waits for figures that only adorn it.
	readLimit = 15 * time.Second
	// acceptFor is how long passing faults of an acceptance are tried again before people are asked.
	acceptFor = 30 * time.Minute
)

// patient retries passing faults for as long as it takes.
var patient = &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute}

// postMessage says a card for the first time. It runs on the channel's queue, which keeps Slack's rate across
// workers. A 429 waits inside, so there is no limit on the whole.
//
// Where it may be folded into a digest, it waits a minute for its turn at most, and crowded says that it is
// one too many now.
func postMessage(ctx workflow.Context, queue string, in activities.Post, foldable bool, what string) (out activities.Posted, crowded bool, err error) {
	wait := queueWait
	if foldable {
		wait = foldAfter
	}
	options := workflow.ActivityOptions{
		TaskQueue: SlackQueue(queue, in.Channel), ScheduleToStartTimeout: wait, StartToCloseTimeout: attempt,
		RetryPolicy: patient, Summary: "post " + what,
	}
	post := func() error {
		return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), slackSteps.Post, in).Get(ctx, &out)
	}
	asked := workflow.Now(ctx)
	err = post()
	if in.Tried.IsZero() {
		in.Tried = asked // an attempt before the one that never started may have been heard
	}
	if neverStarted(err) && foldable {
		if workflow.Now(ctx).Sub(asked) < foldAfter+foldSlack {
			return out, true, nil
		}
		options.ScheduleToStartTimeout = queueWait // no worker was there for longer: that is no crowd
		err = post()
	}
	for neverStarted(err) && served(ctx, in.Channel) { // the queue is long: the main queue, which has no rate, is no way round it
		err = post()
	}
	if neverStarted(err) {
		options.TaskQueue, options.ScheduleToStartTimeout = "", 0
		err = post()
	}
	return out, false, err
}

// served says whether anybody takes posts from a channel's own queue. Where that can't be found out within a
// minute, it is taken that nobody does: what is due is said.
func served(ctx workflow.Context, channel string) bool {
	if workflow.GetVersion(ctx, "a long queue is waited for", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return false
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: attempt, ScheduleToCloseTimeout: time.Minute, RetryPolicy: patient, Summary: "is " + channel + " still posted in?"})
	var yes bool
	err := workflow.ExecuteActivity(ctx, slackSteps.Serves, activities.Serves{Channel: channel}).Get(ctx, &yes)
	return err == nil && yes
}

// editMessage writes a whole message anew.
func editMessage(ctx workflow.Context, in activities.Edit, what string) (activities.Edited, error) {
	var out activities.Edited
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: attempt, RetryPolicy: patient, Summary: "edit " + what})
	err := workflow.ExecuteActivity(ctx, slackSteps.Edit, in).Get(ctx, &out)
	return out, err
}

// whisper tells one person alone. It is tried for five minutes: an answer later than that helps nobody.
func whisper(ctx workflow.Context, in activities.Whisper, what string) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: attempt, ScheduleToCloseTimeout: 5 * time.Minute, RetryPolicy: patient, Summary: "tell the clicker: " + what})
	return workflow.ExecuteActivity(ctx, slackSteps.Whisper, in).Get(ctx, nil)
}

// mayDecide asks whether a person is among the approvers. Where no answer can be had, nothing is known.
func mayDecide(ctx workflow.Context, user string) activities.Permission {
	var out activities.Permission
	if err := mayDecideLater(ctx, user).Get(ctx, &out); err != nil {
		return activities.Permission{}
	}
	return out
}

// mayDecideLater asks the same without waiting for the answer.
func mayDecideLater(ctx workflow.Context, user string) workflow.Future {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: attempt, ScheduleToCloseTimeout: time.Minute, RetryPolicy: patient, Summary: "may " + user + " decide?"})
	return workflow.ExecuteActivity(ctx, slackSteps.MayDecide, activities.MayDecide{User: user})
}

// readProject asks Prodege for a project, for as long as within allows.
func readProject(ctx workflow.Context, in activities.ReadProject, within time.Duration, what string) (activities.Reading, error) {
	var out activities.Reading
	err := readProjectLater(ctx, in, within, what).Get(ctx, &out)
	return out, err
}

// acceptCPI starts an acceptance. Passing faults are tried again after 1 s, doubling to 30 s, for half an hour.
func acceptCPI(ctx workflow.Context, in activities.AcceptCPI, what string) workflow.Future {
	return workflow.ExecuteActivity(actOptions(ctx, what), prodegeSteps.AcceptCPI, in)
}

// readProjectLater starts the same question, for who does not wait for the answer.
func readProjectLater(ctx workflow.Context, in activities.ReadProject, within time.Duration, what string) workflow.Future {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: min(attempt, within), ScheduleToCloseTimeout: within, RetryPolicy: patient, Summary: what})
	return workflow.ExecuteActivity(ctx, prodegeSteps.ReadProject, in)
}

// actOnProject starts what people decided from an alert; it is tried again as an acceptance is.
func actOnProject(ctx workflow.Context, in activities.ActOnProject, what string) workflow.Future {
	return workflow.ExecuteActivity(actOptions(ctx, what), prodegeSteps.ActOnProject, in)
}

// actOptions are those of whatever changes something at Prodege.
func actOptions(ctx workflow.Context, what string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: attempt, ScheduleToCloseTimeout: acceptFor, HeartbeatTimeout: 20 * time.Second, WaitForCancellation: true,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second},
		Summary:     what,
	})
}

// sendInvoice starts a call to billing, tried until it is taken or refused for good.
func sendInvoice(ctx workflow.Context, in activities.SendInvoice) workflow.Future {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: attempt, RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 5 * time.Minute},
		Summary: "send " + in.Key + " to billing",
	})
	return workflow.ExecuteActivity(ctx, billingSteps.SendInvoice, in)
}

// neverStarted says whether nobody served the queue in time, so that nothing can have been done.
func neverStarted(err error) bool {
	var timeout *temporal.TimeoutError
	return asError(err, &timeout) && timeout.TimeoutType() == enums.TIMEOUT_TYPE_SCHEDULE_TO_START
}

// asError is errors.As without a variable of its own type at each call.
func asError[T error](err error, target *T) bool { return errors.As(err, target) }

package inbox

import (
	"sync"
	"time"
)

const (
	alarmLogEvery  = time.Minute      // at most one log line per kind of alarm, except for those in alarmLogAlways
	alarmPostEvery = 10 * time.Minute // at most one call of Options.Alarm per kind of alarm
)

// alarmLogAlways are the alarms that may each mean the loss of another event.
var alarmLogAlways = map[string]bool{"dead": true, "damaged": true, "stuck": true}

// alarms logs what people must know and passes it to Options.Alarm, but not too often.
type alarms struct {
	in     *Inbox
	mu     sync.Mutex
	logged map[string]time.Time
	posted map[string]time.Time
	calls  sync.WaitGroup // of Options.Alarm
}

// raise logs an alarm and passes it to Options.Alarm.
func (a *alarms) raise(kind, text string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.logged == nil {
		a.logged, a.posted = map[string]time.Time{}, map[string]time.Time{}
	}
	now := time.Now()
	if alarmLogAlways[kind] || now.Sub(a.logged[kind]) >= alarmLogEvery {
		a.logged[kind] = now
		a.in.log.Error(text, append([]any{"alarm", kind}, args...)...)
	}
	if post := a.in.options.Alarm; post != nil && now.Sub(a.posted[kind]) >= alarmPostEvery {
		a.posted[kind] = now
		a.calls.Go(func() { post(text) })
	}
}

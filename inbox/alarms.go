package inbox

import (
	"sync"
	"time"
)

const (
	alarmLogEvery  = time.Minute      // one kind of alarm is logged at most so often, but those of which each tells another loss
	alarmTellEvery = 10 * time.Minute // and told to people at most so often
)

var alarmLogAlways = map[string]bool{"dead": true, "damaged": true, "stuck": true}

// alarms tells what people must know, not too often.
type alarms struct {
	in     *Inbox
	mu     sync.Mutex
	logged map[string]time.Time
	told   map[string]time.Time
	under  sync.WaitGroup // telling people
}

// raise logs the alarm and tells it.
func (a *alarms) raise(kind, text string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.logged == nil {
		a.logged, a.told = map[string]time.Time{}, map[string]time.Time{}
	}
	now := time.Now()
	if alarmLogAlways[kind] || now.Sub(a.logged[kind]) >= alarmLogEvery {
		a.logged[kind] = now
		a.in.log.Error(text, append([]any{"alarm", kind}, args...)...)
	}
	if tell := a.in.options.Alarm; tell != nil && now.Sub(a.told[kind]) >= alarmTellEvery {
		a.told[kind] = now
		a.under.Go(func() { tell(text) })
	}
}

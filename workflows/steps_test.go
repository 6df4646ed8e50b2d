package workflows

import (
	"slices"
	"testing"
	"time"

	"fieldmarshal/prodege"
)

// TestALongQueueIsWaitedFor: the main queue has no rate, and is for channels that nobody posts in any more.
func TestALongQueueIsWaitedFor(t *testing.T) {
	for name, c := range map[string]struct {
		unserved bool
		crowded  int    // how often its turn does not come
		own      []bool // of each try: on the channel's own queue
	}{
		"its turn comes":                     {false, 0, []bool{true}},
		"a long queue":                       {false, 3, []bool{true, true, true, true}},
		"the channel is posted in no longer": {true, 1, []bool{true, false}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.unserved = c.unserved
			w.postFault = func(n int) error {
				if n <= c.crowded {
					return crowded()
				}
				return nil
			}
			w.deliver(time.Minute, "pause", prodege.Paused, cpi("4.25"))
			w.at(5*time.Minute, func() {
				var own []bool
				for _, queue := range w.queues[:min(len(w.queues), len(c.own))] {
					own = append(own, queue == SlackQueue(TaskQueue, "C0APPROVE"))
				}
				if !slices.Equal(own, c.own) {
					t.Errorf("posted on %q", w.queues)
				}
				want(t, "said", len(w.roots("C0APPROVE")), 1)
			})
			w.ends(time.Hour)
		})
	}
}

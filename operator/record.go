package operator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// record is what is known of a project, for explain and evidence. A worker tells state and ledger. If none answers, they
// are what the project's newest run began with, and histories tell which events came since.
type record struct {
	state      *project.State // nil: no worker answers, and it is the project's first run
	ledger     []project.Line
	history    History
	historyErr error // the history could not be read

	asOf     time.Time // when no worker answers: the time of state and ledger
	notShown string    // when no worker answers: what is missing
}

// historyTime bounds the reading of histories; those of a long project take a while.
const historyTime = time.Minute

func (c *call) record(id prodege.ProjectID) (record, error) {
	s, err := c.projectState(id)
	if err != nil && !errors.Is(err, errNoWorker) {
		return record{}, err
	}
	ctx, cancel := context.WithTimeout(c.ctx, historyTime)
	defer cancel()
	r := record{state: s}
	r.history, r.historyErr = c.world.Temporal.History(ctx, id)
	if err == nil {
		l, err := c.ledger(id)
		r.ledger = l.Lines
		return r, err
	}
	h := r.history
	if r.historyErr != nil || len(h.Signals) == 0 && h.Carried == nil {
		return record{}, err
	}
	r.notShown = "No worker answers, so what became of the events (the ledger) is not shown: start `fieldmarshal worker`."
	if h.Carried != nil {
		r.state, r.ledger, r.asOf = h.Carried, h.Carried.Ledger, h.CarriedAt
		r.notShown = fmt.Sprintf("No worker answers, so the ledger is as of %s, and what became of events since then is not shown: start `fieldmarshal worker`.", stamp(h.CarriedAt))
	}
	return r, nil
}

// last is the project's last events.
func (r record) last() []project.EventLine {
	if r.state == nil {
		return nil
	}
	return r.state.Last
}

// about reports whether a line of the ledger is about an event; the ledger shortens long ids.
func about(l project.Line, event prodege.EventID) bool {
	id := string(project.SafeID(event))
	cut, shortened := strings.CutSuffix(l.Ref, "…")
	return l.Ref == id || shortened && strings.HasPrefix(id, cut)
}

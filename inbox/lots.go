package inbox

import (
	"encoding/json"
	"errors"
	"hash/maphash"
	"slices"
	"sync"
	"time"
)

// refusals are the refused deliveries. The goroutine that writes calls load and save; other methods may be called
// concurrently.
type refusals struct {
	journal *journal
	seed    maphash.Seed

	mu      sync.Mutex
	counts  map[string]uint64
	kept    []*kept // oldest first
	next    uint64
	added   map[Lot][]time.Time // when the last refusedPerSecond of each lot were added
	changed bool                // the state differs from the saved one
	state   record              // the last saved state; number 0: none
}

// kept is a refused delivery that is kept. Its Data is set until it is saved.
type kept struct {
	Refused
	key    uint64 // the same for equal deliveries
	record record // number 0: not saved yet
}

// refusedRecord is a refused delivery on disk, or the state of all, which replaces earlier states.
type refusedRecord struct {
	Refused *Refused      `json:"refused,omitempty"`
	Data    []byte        `json:"data,omitempty"`
	State   *refusedState `json:"state,omitempty"`
}

type refusedState struct {
	Counts map[string]uint64       `json:"counts"`
	Next   uint64                  `json:"next"`
	Kept   map[uint64]RefusedTally `json:"kept"` // of those that have changed since they came
}

func newRefusals(j *journal) refusals {
	return refusals{journal: j, seed: maphash.MakeSeed(), counts: map[string]uint64{}, added: map[Lot][]time.Time{}, next: 1}
}

func (l *refusals) add(r Refused, now time.Time) {
	key := l.key(&r)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[r.Cause]++
	l.changed = true
	if i := slices.IndexFunc(l.kept, func(k *kept) bool { return k.key == key }); i >= 0 {
		l.kept[i].Count++
		l.kept[i].Last = now
		return
	}
	recent := l.added[r.Lot]
	if len(recent) == refusedPerSecond {
		if age := now.Sub(recent[0]); age >= 0 && age < time.Second {
			return
		}
		recent = recent[1:]
	}
	l.added[r.Lot] = append(recent, now)
	firsts, firstsSize, unsaved := 0, 0, 0
	for _, k := range l.kept {
		unsaved += len(k.Data)
		if k.First && k.Lot == r.Lot {
			firsts, firstsSize = firsts+1, firstsSize+k.Size
		}
	}
	if unsaved+len(r.Data) > maxUnsaved {
		r.Data = nil
	}
	r.ID, r.At, r.Size = l.next, now, len(r.Data)
	r.RefusedTally = RefusedTally{Count: 1, Last: now, First: firsts < rules[r.Lot].firsts && firstsSize+r.Size <= rules[r.Lot].firstsSize}
	l.next++
	l.kept = append(l.kept, &kept{Refused: r, key: key})
	l.trim(r.Lot)
}

// key returns the same number for equal deliveries. Headers and sender don't count, because they differ between calls.
func (l *refusals) key(r *Refused) uint64 {
	return maphash.Comparable(l.seed, [...]string{string(r.Lot), r.Cause, r.Path, r.Body, string(r.Data)})
}

// trim removes the oldest of a lot until it is within its limits, but none that is marked as First.
func (l *refusals) trim(lot Lot) {
	n, size := 0, 0
	for _, k := range l.kept {
		if k.Lot == lot {
			n, size = n+1, size+k.Size
		}
	}
	l.kept = slices.DeleteFunc(l.kept, func(k *kept) bool {
		if k.Lot != lot || k.First || n <= rules[lot].all && size <= rules[lot].size {
			return false
		}
		n, size = n-1, size-k.Size
		l.forget(k.record)
		return true
	})
}

// forget marks a record as finished, if it was saved.
func (l *refusals) forget(r record) {
	if r.number != 0 {
		l.journal.finish(r)
	}
}

// update changes the tallies of the kept deliveries.
func (l *refusals) update(change func(*kept)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range l.kept {
		change(k)
	}
	l.changed = true
}

func (l *refusals) find(id uint64) (found kept, there bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.IndexFunc(l.kept, func(k *kept) bool { return k.ID == id }); i >= 0 {
		return *l.kept[i], true
	}
	return kept{}, false
}

// save writes to disk what is new since the last time.
func (l *refusals) save() error {
	unsaved, bodies, changed := l.unsaved()
	if len(bodies) == 0 {
		return l.journal.flush(false)
	}
	records, err := l.journal.write(bodies)
	l.mu.Lock()
	if err != nil {
		l.changed = l.changed || changed
	} else {
		for i, k := range unsaved {
			k.record, k.Data = records[i], nil
			if !slices.Contains(l.kept, k) { // removed in the meantime
				l.forget(k.record)
			}
		}
		if changed {
			l.forget(l.state)
			l.state = records[len(unsaved)]
		}
	}
	l.mu.Unlock()
	return errors.Join(err, l.journal.flush(false))
}

// unsaved returns what isn't on disk yet as bodies of records: refused deliveries, then the state if it has changed.
func (l *refusals) unsaved() (unsaved []*kept, bodies [][]byte, changed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	tallies := map[uint64]RefusedTally{}
	for _, k := range l.kept {
		if k.record.number == 0 {
			if body, err := json.Marshal(refusedRecord{Refused: &k.Refused, Data: k.Data}); err == nil {
				unsaved, bodies = append(unsaved, k), append(bodies, body)
			}
		}
		if k.Count > 1 || k.First || k.AdmittedBy != "" {
			tallies[k.ID] = k.RefusedTally
		}
	}
	if changed = l.changed; changed {
		l.changed = false
		body, _ := json.Marshal(refusedRecord{State: &refusedState{Counts: l.counts, Next: l.next, Kept: tallies}})
		bodies = append(bodies, body)
	}
	return unsaved, bodies, changed
}

// load reads what was saved. Deliveries that were refused before it was called are numbered after those.
func (l *refusals) load(damaged func(name string, err error)) error {
	var found []*kept
	var state refusedState
	err := l.journal.load(func(r record, text []byte) {
		var on refusedRecord
		_ = json.Unmarshal(text, &on)
		switch {
		case on.State != nil:
			l.forget(l.state)
			state, l.state = *on.State, r
		case on.Refused != nil:
			k := &kept{Refused: *on.Refused, record: r}
			k.Data = on.Data
			k.key = l.key(&k.Refused)
			k.Data = nil
			found = append(found, k)
		default:
			l.journal.finish(r)
		}
	}, damaged)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for cause, n := range state.Counts {
		l.counts[cause] += n
	}
	meanwhile := l.kept
	l.kept, l.next = found, max(state.Next, 1)
	for _, k := range found {
		l.next = max(l.next, k.ID+1)
		if t, there := state.Kept[k.ID]; there {
			k.RefusedTally = t
		} else {
			k.First = false // it is listed in the state if it is still true
		}
	}
	for _, k := range meanwhile {
		k.ID = l.next
		l.next++
		l.kept = append(l.kept, k)
	}
	return nil
}

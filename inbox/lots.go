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

// refusedState is what changes: the counts, and the tallies of the kept deliveries by number.
type refusedState struct {
	Counts map[string]uint64       `json:"counts"`
	Kept   map[uint64]RefusedTally `json:"kept"`
}

func newRefusals(j *journal) refusals {
	return refusals{journal: j, seed: maphash.MakeSeed(), counts: map[string]uint64{}, added: map[Lot][]time.Time{}, next: 1}
}

func (l *refusals) add(r Refused, now time.Time) {
	key := l.key(&r, r.Data)
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
	rule := rules[r.Lot]
	n, size, firsts, firstsSize, unsaved := 1, 0, 0, 0, 0
	for _, k := range l.kept {
		unsaved += len(k.Data)
		if k.Lot == r.Lot {
			n, size = n+1, size+k.Size
			if k.First {
				firsts, firstsSize = firsts+1, firstsSize+k.Size
			}
		}
	}
	if unsaved+len(r.Data) > maxUnsaved {
		r.Data = nil
	}
	r.ID, r.At, r.Size = l.next, now, len(r.Data)
	r.RefusedTally = RefusedTally{Count: 1, Last: now, First: firsts < rule.firsts && firstsSize+r.Size <= rule.firstsSize}
	size += r.Size
	l.next++
	l.kept = append(l.kept, &kept{Refused: r, key: key})
	// The oldest of the lot make room, but none of the first.
	l.kept = slices.DeleteFunc(l.kept, func(k *kept) bool {
		if k.Lot != r.Lot || k.First || n <= rule.all && size <= rule.size {
			return false
		}
		n, size = n-1, size-k.Size
		l.forget(k.record)
		return true
	})
}

// key returns the same number for equal deliveries. Headers and sender don't count, because they differ between calls.
func (l *refusals) key(r *Refused, data []byte) uint64 {
	return maphash.Comparable(l.seed, [...]string{string(r.Lot), r.Cause, r.Path, r.Body, string(data)})
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

// save writes to disk what is new since the last time: refused deliveries, then the state. Whatever is new has changed it.
func (l *refusals) save() error {
	var unsaved []*kept
	var bodies [][]byte
	l.mu.Lock()
	if l.changed {
		state := refusedState{Counts: l.counts, Kept: map[uint64]RefusedTally{}}
		for _, k := range l.kept {
			if k.record.number == 0 {
				body, _ := json.Marshal(refusedRecord{Refused: &k.Refused, Data: k.Data})
				unsaved, bodies = append(unsaved, k), append(bodies, body)
			}
			state.Kept[k.ID] = k.RefusedTally
		}
		body, _ := json.Marshal(refusedRecord{State: &state})
		bodies = append(bodies, body)
	}
	l.changed = false
	l.mu.Unlock()
	var err error
	if bodies != nil {
		var records []record
		records, err = l.journal.write(bodies)
		l.mu.Lock()
		if err != nil {
			l.changed = true
		} else {
			for i, k := range unsaved {
				k.record, k.Data = records[i], nil
				if !slices.Contains(l.kept, k) { // removed in the meantime
					l.forget(k.record)
				}
			}
			l.forget(l.state)
			l.state = records[len(unsaved)]
		}
		l.mu.Unlock()
	}
	return errors.Join(err, l.journal.flush(false)) // without the lock, because it may take its time
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
			found = append(found, &kept{Refused: *on.Refused, record: r, key: l.key(on.Refused, on.Data)})
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
	l.kept, l.next = found, 1
	for _, k := range found {
		l.next = max(l.next, k.ID+1)
		if t, there := state.Kept[k.ID]; there {
			k.RefusedTally = t
		}
	}
	for _, k := range meanwhile {
		k.ID = l.next
		l.next++
		l.kept = append(l.kept, k)
	}
	return nil
}

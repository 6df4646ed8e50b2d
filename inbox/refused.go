package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strings"
	"time"
)

// Refused deliveries are kept so that people can see what came: otherwise a misread signature would lose everything
// silently.
//
//   - They are kept in lots, so that junk can't push out what may be a delivery. Of possible deliveries, the first 200 since
//     somebody last looked are kept as well as the newest; of the others, only the newest.
//   - Equal ones are kept once, with a count. At most ten per second are added to a lot; others are only counted.
//   - What people may read is in memory. The exact text of data, which is needed to admit a delivery, is only on disk and
//     is never printed.
//   - Nothing waits for the disk: they are saved once per second (lots.go).

// Lot says where a refused delivery belongs.
type Lot string

const (
	LotDeliveries Lot = "deliveries" // it looks like a delivery: it has data and a signature
	LotUnparsed   Lot = "unparsed"   // it is authentic, but can't be parsed
	LotJunk       Lot = "junk"       // anything else
)

// rules are the limits of each lot: how many are kept, and how many bytes of their data; and of the first ones since
// somebody last looked, how many are kept whatever comes later. All lots together keep up to 64 MiB.
var rules = map[Lot]struct{ all, size, firsts, firstsSize int }{
	LotDeliveries: {all: 1000, size: 48 << 20, firsts: 200, firstsSize: 24 << 20},
	LotUnparsed:   {all: 200, size: 16 << 20},
	LotJunk:       {all: 100},
}

const (
	refusedPerSecond = 10       // added to each lot
	maxRefused       = 16 << 10 // bytes of headers and body kept for people to read, per delivery
	maxUnsaved       = 16 << 20 // bytes of data that may wait to be saved; beyond that, deliveries are kept without data
)

// Refused is a delivery that was answered with a refusal. The caller of Refuse has removed what is secret from Header,
// Path, Detail and Body.
type Refused struct {
	ID     uint64      `json:"id"`
	At     time.Time   `json:"at"` // when it first came, UTC
	Lot    Lot         `json:"lot"`
	Cause  string      `json:"cause"`
	Detail string      `json:"detail,omitempty"`
	Remote string      `json:"remote,omitempty"` // address of the sender
	Path   string      `json:"path"`
	Header http.Header `json:"header"`
	Body   string      `json:"body"`
	Cut    bool        `json:"cut,omitempty"`  // more came than is shown
	Size   int         `json:"size,omitempty"` // bytes of Data kept; 0: it can't be admitted

	RefusedTally

	// Data is the exact text of data. It is only on disk, in a field of refusedRecord: code that shows a Refused lacks it.
	Data []byte `json:"-"`
}

// RefusedTally is the part of a refused delivery that changes while it is kept.
type RefusedTally struct {
	Count      int       `json:"count"`                 // how many equal ones came
	Last       time.Time `json:"last,omitzero"`         // when the last of them came, UTC
	First      bool      `json:"first,omitempty"`       // it is among the first since somebody last looked
	AdmittedBy string    `json:"admitted_by,omitempty"` // who vouched for it
	AdmittedAt time.Time `json:"admitted_at,omitzero"`  // UTC
}

// RefusedList lists refused deliveries: how many there ever were per cause, and those that are kept, oldest first.
type RefusedList struct {
	Counts map[string]uint64 `json:"counts"`
	Kept   []Refused         `json:"kept"`
}

// Refuse keeps a refused delivery. It never waits for the disk. The caller must have removed secrets from all fields but
// Data. Refuse sets ID, At, Size and the tally.
func (in *Inbox) Refuse(r Refused) {
	if rules[r.Lot].all == 0 {
		r.Lot = LotJunk
	}
	if rules[r.Lot].size == 0 {
		r.Data = nil
	}
	r.Detail, r.Cause, r.Path = cut(r.Detail, 500), cut(r.Cause, 100), cut(r.Path, 2000)
	if r.Header = r.Header.Clone(); r.Header == nil {
		r.Header = http.Header{}
	}
	// Headers are dropped and the body is cut so that the whole stays within maxRefused.
	used := len(r.Path) + len(r.Remote) + len(r.Detail)
	for name, values := range r.Header {
		for _, v := range values {
			used += len(name) + len(v)
		}
		if used > maxRefused/2 {
			r.Cut = true
			delete(r.Header, name)
		}
	}
	if room := max(0, maxRefused-used); len(r.Body) > room {
		r.Body, r.Cut = strings.ToValidUTF8(r.Body[:room], "\ufffd"), true
	}
	in.lots.add(r, in.now().UTC())
}

// Refused lists refused deliveries, without Data.
func (in *Inbox) Refused() RefusedList {
	l := &in.lots
	l.mu.Lock()
	defer l.mu.Unlock()
	list := RefusedList{Counts: maps.Clone(l.counts), Kept: make([]Refused, len(l.kept))}
	for i, k := range l.kept {
		list.Kept[i] = k.Refused
		list.Kept[i].Data = nil
	}
	return list
}

// LookedAtRefused records that somebody has looked: the next ones count as the first again.
func (in *Inbox) LookedAtRefused() {
	in.lots.update(func(k *kept) { k.First = false })
}

// AdmitFunc hands on a refused delivery for which the person by vouches.
type AdmitFunc func(ctx context.Context, r Refused, by string) error

// OnAdmit sets the function that Admit calls.
func (in *Inbox) OnAdmit(admit AdmitFunc) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.admit = admit
}

// Admit hands on a refused delivery, and records who vouched for it. The error is ErrNone if there is none of that number.
// A delivery that was admitted before is handed on again.
func (in *Inbox) Admit(ctx context.Context, id uint64, by string) error {
	in.mu.Lock()
	admit := in.admit
	in.mu.Unlock()
	if admit == nil {
		return errors.New("this ingress can't admit a refused delivery")
	}
	r, err := in.RefusedData(id)
	if err != nil {
		return err
	}
	if r.Size == 0 {
		return errors.New("its data was not kept: it can't be admitted")
	}
	if err := admit(ctx, r, by); err != nil {
		return err
	}
	in.lots.update(func(k *kept) {
		if k.ID == id {
			k.AdmittedBy, k.AdmittedAt = by, in.now().UTC()
		}
	})
	return nil
}

// RefusedData returns a refused delivery with Data, or ErrNone.
func (in *Inbox) RefusedData(id uint64) (Refused, error) {
	k, there := in.lots.find(id)
	if !there {
		return Refused{}, ErrNone
	}
	if k.record.number == 0 || k.Size == 0 {
		return k.Refused, nil
	}
	text, err := in.read(k.record)
	if err != nil {
		return Refused{}, err
	}
	var found refusedRecord
	err = json.Unmarshal(text, &found)
	k.Data = found.Data
	return k.Refused, err
}

package workflows

import (
	"crypto/sha256"
	"encoding/base64"
	"sort"

	"fieldmarshal/prodege"
)

// maxSeen is how many event ids a Project remembers. What is older than the oldest of a full memory is late
// without being looked up, so the bound is safe: nothing that fell out of it can be applied again.
const maxSeen = 1000

// maxDeliveries is how many delivery stamps are remembered. A delivery is handed over twice only within a
// retry of the ingress, which is far sooner than 500 further events.
const maxDeliveries = 500

// SeenEvent is one event in order: by time, then by id.
type SeenEvent struct {
	Unix int64  `json:"t"` // seconds
	Key  string `json:"k"` // the event id; a long one by its SHA-256, shortened
}

// Seen is the newest events by order, oldest first.
type Seen []SeenEvent

func seenOf(e prodege.Event) SeenEvent { return SeenEvent{e.Time.Unix(), seenKey(string(e.ID))} }

// seenKey bounds what one remembered id costs: 1,000 of them stay far under the limit of a state.
func seenKey(id string) string {
	if len(id) <= 32 {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "#" + base64.RawURLEncoding.EncodeToString(sum[:18])
}

func (a SeenEvent) before(b SeenEvent) bool {
	if a.Unix != b.Unix {
		return a.Unix < b.Unix
	}
	return a.Key < b.Key
}

// place says what an event is by its order alone, and remembers it.
func (s *Seen) place(e prodege.Event) Disposition {
	it := seenOf(e)
	for _, known := range *s {
		if known.Key == it.Key {
			return Duplicate
		}
	}
	full := len(*s) >= maxSeen
	if full && it.before((*s)[0]) {
		return Late
	}
	newest := len(*s) == 0 || (*s)[len(*s)-1].before(it)
	at := sort.Search(len(*s), func(i int) bool { return it.before((*s)[i]) })
	*s = append(*s, SeenEvent{})
	copy((*s)[at+1:], (*s)[at:])
	(*s)[at] = it
	if full {
		*s = append(Seen(nil), (*s)[1:]...)
	}
	if newest {
		return Applied
	}
	return Late
}

// handedOver says whether this very delivery came before, and remembers it.
func (p *ProjectState) handedOver(e prodege.Event) bool {
	if e.Delivery == "" {
		return false
	}
	sum := sha256.Sum256([]byte(e.Delivery))
	stamp := base64.RawURLEncoding.EncodeToString(sum[:9])
	for _, known := range p.Deliveries {
		if known == stamp {
			return true
		}
	}
	p.Deliveries = append(p.Deliveries, stamp)
	if len(p.Deliveries) > maxDeliveries {
		p.Deliveries = append([]string(nil), p.Deliveries[len(p.Deliveries)-maxDeliveries:]...)
	}
	return false
}

package inbox

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.etcd.io/bbolt"
)

const (
	keptRefused = 100
	maxRefused  = 64 << 10 // bytes kept of one, headers and body together
)

// Refused is a delivery that was answered 400, 413 or 415, kept so that people can see what came: a misread
// signature would be a silent, total loss. It holds no secret, and no signature.
type Refused struct {
	ID     uint64      `json:"id"`
	At     time.Time   `json:"at"` // UTC
	Cause  string      `json:"cause"`
	Detail string      `json:"detail,omitempty"`
	Remote string      `json:"remote,omitempty"` // address of the sender
	Path   string      `json:"path"`
	Header http.Header `json:"header"`
	Body   string      `json:"body"`
	Cut    bool        `json:"cut,omitempty"` // more than 64 KiB came
}

// RefusedList is what was refused: how many by cause, ever, and the last hundred, oldest first.
type RefusedList struct {
	Counts map[string]uint64 `json:"counts"`
	Last   []Refused         `json:"last"`
}

// refusals is kept in memory and saved with the next commit: a flood of forged deliveries must cost no
// fsync of its own. Guarded by Inbox.mu.
type refusals struct {
	counts map[string]uint64
	last   []Refused
	next   uint64
	dirty  uint64 // the first id that isn't saved; 0: all are
	change uint64 // counts as of the newest refusal, so that a save knows whether more came
}

// unsavedRefused is what one commit saves.
type unsavedRefused struct {
	counts map[string]uint64
	last   []Refused
	first  uint64 // older ones are forgotten
	change uint64
}

// Refuse keeps a refused delivery, without what is secret in it. It never waits for the disk.
func (in *Inbox) Refuse(r Refused) {
	r.At = in.now().UTC()
	r.Header, r.Path, r.Body = safeHeader(r.Header), safeText(r.Path), safeText(r.Body)
	r.Detail, r.Cause = cut(r.Detail, 500), cut(r.Cause, 100)
	r.fit()
	in.mu.Lock()
	defer in.mu.Unlock()
	f := &in.refused
	if f.counts == nil {
		f.counts = map[string]uint64{}
	}
	f.counts[r.Cause]++
	f.change++
	f.next++
	r.ID = f.next
	if f.dirty == 0 {
		f.dirty = r.ID
	}
	f.last = append(f.last, r)
	if len(f.last) > keptRefused {
		f.last = slices.Delete(f.last, 0, len(f.last)-keptRefused)
	}
}

// Refused lists what was refused.
func (in *Inbox) Refused() RefusedList {
	in.mu.Lock()
	defer in.mu.Unlock()
	list := RefusedList{Counts: map[string]uint64{}, Last: slices.Clone(in.refused.last)}
	for cause, n := range in.refused.counts {
		list.Counts[cause] = n
	}
	if list.Last == nil {
		list.Last = []Refused{}
	}
	return list
}

// unsaved is what there is to save; empty where nothing is.
func (f *refusals) unsaved() []unsavedRefused {
	if f.dirty == 0 || len(f.last) == 0 {
		return nil
	}
	u := unsavedRefused{counts: map[string]uint64{}, first: f.last[0].ID, change: f.change}
	for cause, n := range f.counts {
		u.counts[cause] = n
	}
	for _, r := range f.last {
		if r.ID >= f.dirty {
			u.last = append(u.last, r)
		}
	}
	return []unsavedRefused{u}
}

// saved notes that u stands on disk.
func (f *refusals) saved(list []unsavedRefused) {
	for _, u := range list {
		f.dirty = 0
		if f.change != u.change {
			f.dirty = u.last[len(u.last)-1].ID + 1
		}
	}
}

func saveRefused(tx *bbolt.Tx, list []unsavedRefused) error {
	for _, u := range list {
		b, totals := tx.Bucket([]byte(refused)), tx.Bucket([]byte(counts))
		for _, r := range u.last {
			value, err := encode(r)
			if err != nil {
				return err
			}
			if err := b.Put(key(r.ID), value); err != nil {
				return err
			}
		}
		c := b.Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.First() {
			if seq, ok := sequence(k); ok && seq >= u.first {
				break
			}
			if err := c.Delete(); err != nil {
				return err
			}
		}
		for cause, n := range u.counts {
			if err := totals.Put([]byte(cause), key(n)); err != nil {
				return err
			}
		}
	}
	return nil
}

// load reads what stands on disk, where nothing is in memory yet. What is damaged is left out.
func (f *refusals) load(tx *bbolt.Tx) {
	if f.change != 0 {
		return
	}
	f.counts, f.last, f.next = map[string]uint64{}, nil, 0
	_ = tx.Bucket([]byte(counts)).ForEach(func(k, v []byte) error {
		if n, ok := sequence(v); ok {
			f.counts[string(k)] = n
		}
		return nil
	})
	_ = tx.Bucket([]byte(refused)).ForEach(func(k, v []byte) error {
		var r Refused
		if seq, ok := sequence(k); ok && decode(v, &r) == nil {
			f.last, f.next = append(f.last, r), seq
		}
		return nil
	})
}

// fit cuts the body, then the headers, so that the whole stays within bounds.
func (r *Refused) fit() {
	used := len(r.Path) + len(r.Remote) + len(r.Detail)
	for name, values := range r.Header {
		for _, v := range values {
			if used += len(name) + len(v); used > maxRefused/2 {
				r.Cut = true
				delete(r.Header, name)
				break
			}
		}
	}
	if room := max(0, maxRefused-used); len(r.Body) > room {
		r.Body, r.Cut = r.Body[:room], true
	}
}

// secretHeader finds headers that carry what only sender and receiver may know.
var secretHeader = regexp.MustCompile(`(?i)authorization|cookie|signature|token|secret|api-?key|password`)

func safeHeader(h http.Header) http.Header {
	safe := http.Header{}
	for name, values := range h {
		for _, v := range values {
			if secretHeader.MatchString(name) {
				v = hidden(v)
			}
			safe.Add(strings.ToValidUTF8(name, "\ufffd"), strings.ToValidUTF8(v, "\ufffd"))
		}
	}
	return safe
}

// The signature and the API key, in a form or an address, and in JSON.
var (
	secretParameter = regexp.MustCompile(`(?i)((?:^|[&?])(?:signature|apik)=)([^&\s]*)`)
	secretProperty  = regexp.MustCompile(`(?i)("(?:signature|apik)"\s*:\s*")((?:[^"\\]|\\.)*)`)
)

// safeText hides signature and API key, but says how long they were: a signature of a wrong length is a clue.
func safeText(text string) string {
	const most = maxRefused + 1024
	if len(text) > most {
		text = text[:most]
	}
	hide := func(re *regexp.Regexp) {
		text = re.ReplaceAllStringFunc(text, func(found string) string {
			parts := re.FindStringSubmatch(found)
			return parts[1] + hidden(parts[2])
		})
	}
	hide(secretParameter)
	hide(secretProperty)
	return strings.ToValidUTF8(text, "\ufffd")
}

func hidden(value string) string {
	if plain, err := url.QueryUnescape(value); err == nil {
		value = plain
	}
	return fmt.Sprintf("[hidden, %d characters]", utf8.RuneCountInString(value))
}

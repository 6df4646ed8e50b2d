package inbox

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"fieldmarshal/prodege"
)

// filled is an inbox file with 300 events in it.
func filled(t *testing.T) (dir, path string) {
	dir = t.TempDir()
	at := time.Date(2026, 5, 5, 10, 0, 0, 0, time.UTC) // the same bytes in each run
	in := open(t, dir, func(o *Options) { o.Now = func() time.Time { return at } })
	for n := 0; n < 300; n += 50 {
		var events []prodege.Event
		for i := range 50 {
			events = append(events, event(1, n+i))
		}
		append1(t, in, events...)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, filepath.Join(dir, "inbox.db")
}

func TestAHealthyFilePasses(t *testing.T) {
	_, path := filled(t)
	pairs := 0
	if err := examine(path, func(bucket string, k, v []byte) {
		if bucket == waiting {
			pairs++
		}
	}); err != nil || pairs != 300 {
		t.Errorf("%d pairs, %v", pairs, err)
	}
}

// TestADamagedFileNeverStopsTheStart damages the file in one way after the other. Each time the inbox opens,
// takes events and hands them on; what was set aside is there, and people were told.
func TestADamagedFileNeverStopsTheStart(t *testing.T) {
	cases := []struct {
		name   string
		damage func([]byte) []byte
		aside  bool
		keeps  int // at least so many of the 300 events
	}{
		{"empty", func([]byte) []byte { return nil }, false, 0},
		{"a line of text", func([]byte) []byte { return []byte("this is no store\n") }, true, 0},
		{"zeros", func(b []byte) []byte { return make([]byte, len(b)) }, true, 0},
		{"first meta page gone", func(b []byte) []byte { clear(b[:4096]); return b }, false, 250}, // one of two suffices; the older one lacks the last commit
		{"both meta pages gone", func(b []byte) []byte { clear(b[:8192]); return b }, true, 0},
		{"cut in the middle of a page", func(b []byte) []byte { return b[:len(b)/3+100] }, true, 0},
		{"cut after the first page", func(b []byte) []byte { return b[:4096] }, true, 0},
		{"half of the pages zeroed", func(b []byte) []byte { clear(b[len(b)/2:]); return b }, true, 0},
		{"a page points to itself", func(b []byte) []byte {
			return eachPage(b, func(p []byte, id int) {
				if binary.NativeEndian.Uint16(p[8:]) == branchPage {
					binary.NativeEndian.PutUint64(p[16+8:], uint64(id))
				}
			})
		}, true, 0},
		{"a page far outside", func(b []byte) []byte {
			return eachPage(b, func(p []byte, id int) {
				if binary.NativeEndian.Uint16(p[8:]) == branchPage {
					binary.NativeEndian.PutUint64(p[16+8:], 1<<40)
				}
			})
		}, true, 100},
		{"one leaf is wiped", func(b []byte) []byte {
			wiped := false
			return eachPage(b, func(p []byte, id int) {
				if !wiped && binary.NativeEndian.Uint16(p[8:]) == leafPage && bytes.Contains(p, []byte("p1-0100")) {
					clear(p)
				}
			})
		}, true, 200},
		{"a branch's key of no length", func(b []byte) []byte {
			return eachPage(b, func(p []byte, id int) {
				if binary.NativeEndian.Uint16(p[8:]) == branchPage {
					binary.NativeEndian.PutUint32(p[16+4:], 0)
				}
			})
		}, true, 0},
		{"a flipped bit in an event", func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte(`"event_id":"p1-0100"`), []byte(`"event_id":"p1-0900"`))
		}, false, 299},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir, path := filled(t)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, c.damage(b), 0o600); err != nil {
				t.Fatal(err)
			}
			told := make(chan string, 10)
			in, k := open(t, dir, func(o *Options) { o.Alarm = func(text string) { told <- text } }), &taker{}
			run(t, in, k)
			append1(t, in, event(2, 0))
			eventually(t, "the new event taken", func() bool { return len(k.ids(2)) == 1 })
			eventually(t, "all taken", func() bool { return in.Stats().Depth == 0 })
			if ids := k.ids(1); len(ids) < c.keeps || strings.Contains(strings.Join(ids, " "), "p1-0900") {
				t.Errorf("%d events were kept, want %d: %v", len(ids), c.keeps, ids)
			}
			asides, _ := filepath.Glob(filepath.Join(dir, "inbox.db.damaged-*"))
			if (len(asides) == 1) != c.aside {
				t.Fatalf("set aside: %v, want %v", asides, c.aside)
			}
			if c.aside && !strings.Contains(<-told, "set aside as inbox.db.damaged-") {
				t.Error("people were not told")
			}
		})
	}
}

func eachPage(b []byte, do func(page []byte, id int)) []byte {
	for at := 8192; at+4096 <= len(b); at += 4096 {
		do(b[at:at+4096], at/4096)
	}
	return b
}

// TestAKeyOfNoLengthIsDamage, also where it is the first of a bucket, so that no other one lies before it: bbolt
// would read it, and end the process when it writes that page.
func TestAKeyOfNoLengthIsDamage(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "inbox.db")
	in := open(t, dir)
	for n := range 10 { // in one page
		append1(t, in, event(1, n))
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b = eachPage(b, func(p []byte, id int) {
		if binary.NativeEndian.Uint16(p[8:]) == leafPage && bytes.Contains(p, []byte("p1-0000")) {
			binary.NativeEndian.PutUint32(p[16+8:], 0)
		}
	})
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if fault := examine(path, nil); fault == nil || !strings.Contains(fault.Error(), "keys are empty") {
		t.Errorf("it is found well, but for %v", fault)
	}
	in, k := open(t, dir), &taker{}
	run(t, in, k)
	append1(t, in, event(2, 0))
	eventually(t, "the new event taken", func() bool { return len(k.ids(2)) == 1 })
	if asides, _ := filepath.Glob(filepath.Join(dir, "inbox.db.damaged-*")); len(asides) != 1 {
		t.Errorf("set aside: %v", asides)
	}
}

// setCounted has the next event get the number after seq.
func setCounted(t *testing.T, path string, seq uint64) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte(waiting)).SetSequence(seq) }); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestNoNumberIsGivenTwice, whatever damage says what was counted up to: an event that waits would be written over.
func TestNoNumberIsGivenTwice(t *testing.T) {
	for name, counted := range map[string]uint64{"from the start": 0, "from the middle": 120, "from the end of numbers": math.MaxUint64} {
		t.Run(name, func(t *testing.T) {
			dir, path := filled(t)
			setCounted(t, path, counted)
			in, k := open(t, dir), &taker{}
			append1(t, in, event(2, 0), event(2, 1))
			if n := in.Stats().Depth; n != 302 {
				t.Errorf("%d events wait, want 302", n)
			}
			run(t, in, k)
			eventually(t, "all taken", func() bool { return in.Stats().Depth == 0 })
			if first, second := k.ids(1), k.ids(2); len(first) != 300 || len(second) != 2 {
				t.Errorf("%d and %d events were taken, want 300 and 2", len(first), len(second))
			}
		})
	}
}

// TestNoDeadLetterLosesItsNumber to an event that comes after it: that would be written over it.
func TestNoDeadLetterLosesItsNumber(t *testing.T) {
	dir, final := t.TempDir(), func(o *Options) { o.Final = func(error) bool { return true } }
	never := &taker{refuse: func(prodege.Event) error { return errors.New("no") }}
	in := open(t, dir, final)
	append1(t, in, event(1, 0), event(1, 1))
	stop := run(t, in, never)
	eventually(t, "both are dead", func() bool { return in.Stats().DeadLetters == 2 })
	stop()
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	setCounted(t, filepath.Join(dir, "inbox.db"), 0)
	in = open(t, dir, final)
	append1(t, in, event(1, 2))
	run(t, in, never)
	eventually(t, "all three are dead", func() bool { return in.Stats().DeadLetters == 3 })
	if letters, err := in.DeadLetters(); err != nil || len(letters) != 3 {
		t.Errorf("%d letters are there, want 3: %v", len(letters), err)
	}
}

func TestAFlippedBitBecomesADeadLetter(t *testing.T) {
	dir, path := filled(t)
	b, _ := os.ReadFile(path)
	if err := os.WriteFile(path, bytes.ReplaceAll(b, []byte(`"required_cpi":"4.25"`), []byte(`"required_cpi":"9.25"`)), 0o600); err != nil {
		t.Fatal(err)
	}
	in, k := open(t, dir), &taker{}
	run(t, in, k)
	eventually(t, "all are dead", func() bool { return in.Stats().DeadLetters == 300 })
	letters, err := in.DeadLetters()
	if err != nil || len(k.ids(0)) != 0 {
		t.Fatalf("%v; taken: %v", err, k.ids(0))
	}
	if l := letters[0]; l.Reason != "damaged on disk" || !bytes.Contains(l.Damaged, []byte("9.25")) {
		t.Errorf("letter: %+v", l)
	}
	if err := in.Retry(t.Context(), letters[0].ID); err == nil {
		t.Error("what can't be read was retried")
	}
}

func TestAForeignStoreIsSetAside(t *testing.T) {
	dir := t.TempDir()
	foreign, err := bbolt.Open(filepath.Join(dir, "inbox.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := foreign.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("accounts")); return err }); err != nil {
		t.Fatal(err)
	}
	if err := foreign.Close(); err != nil {
		t.Fatal(err)
	}
	in, k := open(t, dir), &taker{}
	run(t, in, k)
	append1(t, in, event(1, 0))
	eventually(t, "taken", func() bool { return len(k.ids(0)) == 1 })
	if asides, _ := filepath.Glob(filepath.Join(dir, "*.damaged-*")); len(asides) != 1 {
		t.Errorf("set aside: %v", asides)
	}
}

func TestAFolderInItsPlaceIsSetAside(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "inbox.db"), 0o700); err != nil {
		t.Fatal(err)
	}
	append1(t, open(t, dir), event(1, 0))
}

// TestRandomDamage flips bytes anywhere, seeded: whatever comes of it, the inbox opens and works.
func TestRandomDamage(t *testing.T) {
	_, path := filled(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	used := 0 // the file is larger than what is in use
	for at := 0; at < len(whole); at += 4096 {
		if len(bytes.Trim(whole[at:at+4096], "\x00")) > 0 {
			used = at + 4096
		}
	}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 7))
		b := bytes.Clone(whole[:used])
		for range 1 + r.IntN(20) {
			if page := r.IntN(used / 4096); r.IntN(2) == 0 { // heads of pages are where it hurts
				b[page*4096+r.IntN(80)] ^= byte(1 + r.IntN(255))
			} else {
				b[r.IntN(used)] ^= byte(1 + r.IntN(255))
			}
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "inbox.db"), b, 0o600); err != nil {
			t.Fatal(err)
		}
		in, k := open(t, dir), &taker{}
		stop := run(t, in, k)
		append1(t, in, event(2, 0))
		eventually(t, "the new event taken", func() bool { return len(k.ids(2)) == 1 })
		stop()
		if err := in.Close(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

package inbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// clock is a clock that tests set.
type clock struct{ at atomic.Int64 }

func (c *clock) set(o *Options) {
	c.at.Store(time.Date(2026, 5, 5, 10, 0, 0, 0, time.UTC).UnixNano())
	o.Now = func() time.Time { return time.Unix(0, c.at.Load()) }
}
func (c *clock) pass(d time.Duration) { c.at.Add(int64(d)) }

// bodies returns the bodies of a lot, oldest first.
func bodies(in *Inbox, lot Lot) []string {
	list := []string{}
	for _, r := range in.Refused().Kept {
		if r.Lot == lot {
			list = append(list, r.Body)
		}
	}
	return list
}

func TestJunkPushesOutNoDelivery(t *testing.T) {
	var c clock
	in := open(t, t.TempDir(), c.set)
	for n := range 3000 {
		c.pass(time.Second)
		in.Refuse(Refused{Lot: LotJunk, Cause: "malformed", Body: fmt.Sprint("junk ", n)})
		if n%2 == 0 {
			in.Refuse(Refused{Lot: LotDeliveries, Cause: "bad_signature", Body: fmt.Sprint("delivery ", n/2)})
		}
		if n%100 == 0 {
			in.Refuse(Refused{Lot: LotUnparsed, Cause: "unparsed", Body: fmt.Sprint("unparsed ", n/100)})
		}
	}
	junk, deliveries, unparsed := bodies(in, LotJunk), bodies(in, LotDeliveries), bodies(in, LotUnparsed)
	if len(junk) != 100 || junk[0] != "junk 2900" || junk[99] != "junk 2999" {
		t.Errorf("junk: %d, from %q", len(junk), junk[0])
	}
	if len(deliveries) != 1000 || deliveries[0] != "delivery 0" || deliveries[199] != "delivery 199" || deliveries[200] != "delivery 700" || deliveries[999] != "delivery 1499" {
		t.Errorf("deliveries: %d, %q", len(deliveries), deliveries[195:205])
	}
	if len(unparsed) != 30 {
		t.Errorf("unparsed: %d", len(unparsed))
	}
	if counts := in.Refused().Counts; counts["malformed"] != 3000 || counts["bad_signature"] != 1500 {
		t.Errorf("counts: %v", counts)
	}

	in.LookedAtRefused() // the next ones count as the first
	for n := range 1000 {
		c.pass(time.Second)
		in.Refuse(Refused{Lot: LotDeliveries, Cause: "bad_signature", Body: fmt.Sprint("later ", n)})
	}
	if d := bodies(in, LotDeliveries); len(d) != 1000 || d[0] != "later 0" {
		t.Errorf("after a look: %d, from %q", len(d), d[0])
	}
}

func TestEqualOnesAreKeptOnce(t *testing.T) {
	var c clock
	dir := t.TempDir()
	in := open(t, dir, c.set)
	for n := range 50 {
		c.pass(time.Minute)
		in.Refuse(Refused{Lot: LotDeliveries, Cause: "bad_signature", Body: "shown", Data: []byte("same"), Header: http.Header{"Date": {fmt.Sprint(n)}}})
	}
	in.Refuse(Refused{Lot: LotDeliveries, Cause: "bad_signature", Body: "shown", Data: []byte("other")})
	for range 2 {
		list := in.Refused().Kept
		if len(list) != 2 || list[0].Count != 50 || list[1].Count != 1 || list[0].Last.Sub(list[0].At) != 49*time.Minute {
			t.Fatalf("%+v", list)
		}
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
		in = open(t, dir, c.set) // the same after a restart
	}
}

func TestAtMostTenASecondAreKept(t *testing.T) {
	var c clock
	in := open(t, t.TempDir(), c.set)
	for n := range 35 {
		in.Refuse(Refused{Lot: LotDeliveries, Cause: "bad_signature", Body: fmt.Sprint(n)})
		in.Refuse(Refused{Lot: LotJunk, Cause: "malformed", Body: fmt.Sprint(n)})
	}
	c.pass(time.Second)
	in.Refuse(Refused{Lot: LotDeliveries, Cause: "bad_signature", Body: "a second later"})
	if d, j := bodies(in, LotDeliveries), bodies(in, LotJunk); len(d) != 11 || len(j) != 10 || in.Refused().Counts["bad_signature"] != 36 {
		t.Errorf("%d and %d kept, counts %v", len(d), len(j), in.Refused().Counts)
	}
}

// TestTheExactDataIsOnDiskOnly: within its limit, and not in the list.
func TestTheExactDataIsOnDiskOnly(t *testing.T) {
	var c clock
	dir := t.TempDir()
	in := open(t, dir, c.set)
	exact := func(n int) []byte { return append(make([]byte, 1<<20-10, 1<<20), fmt.Sprintf("\xff%09d", n)...) }
	for n := range 100 {
		c.pass(time.Second)
		in.Refuse(Refused{Lot: LotDeliveries, Cause: "bad_signature", Body: fmt.Sprint(n), Data: exact(n)})
		eventually(t, "saved", func() bool {
			in.lots.mu.Lock()
			defer in.lots.mu.Unlock()
			last := in.lots.kept[len(in.lots.kept)-1]
			if last.record.number == 0 && n%10 == 9 {
				return false
			}
			return true
		})
	}
	size, kept := 0, in.Refused().Kept
	for _, r := range kept {
		size += r.Size
		if r.Data != nil {
			t.Fatal("the list contains data")
		}
	}
	if size > 48<<20 || size < 40<<20 || kept[0].Body != "0" || kept[len(kept)-1].Body != "99" {
		t.Errorf("%d bytes in %d, from %s to %s", size, len(kept), kept[0].Body, kept[len(kept)-1].Body)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	var onDisk int64
	paths, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		onDisk += info.Size()
	}
	if onDisk > 90<<20 {
		t.Errorf("%d MiB are on disk", onDisk>>20)
	}
	begun := time.Now()
	in = open(t, dir, c.set)
	eventually(t, "all is read", func() bool { return in.Writable() == nil })
	t.Logf("read in %s", time.Since(begun))
	for n, one := range map[int]Refused{0: kept[0], 99: kept[len(kept)-1]} {
		r, err := in.RefusedData(one.ID)
		if err != nil || string(r.Data) != string(exact(n)) || r.Body != fmt.Sprint(n) {
			t.Errorf("data of %d: %d bytes, %v", n, len(r.Data), err)
		}
	}
	if _, err := in.RefusedData(4711); !errors.Is(err, ErrNone) {
		t.Errorf("%v", err)
	}
}

func TestALargeOneIsCut(t *testing.T) {
	in := open(t, t.TempDir())
	header := http.Header{"A": {strings.Repeat("a", 60<<10)}}
	in.Refuse(Refused{Lot: LotJunk, Cause: "malformed", Header: header, Body: strings.Repeat("ä", 1<<20), Data: []byte("of junk nothing is kept")})
	r := in.Refused().Kept[0]
	if !r.Cut || len(r.Body) > maxRefused || r.Header.Get("A") != "" || r.Size != 0 {
		t.Errorf("%d bytes are kept, cut: %t", len(r.Body), r.Cut)
	}
	if header.Get("A") == "" {
		t.Error("the caller's headers were changed")
	}
}

func TestRefusedOutliveTheProcess(t *testing.T) {
	var c clock
	dir := t.TempDir()
	in := open(t, dir, c.set)
	for n := range 130 {
		c.pass(time.Second)
		in.Refuse(Refused{Lot: LotJunk, Cause: "malformed", Body: fmt.Sprint("delivery ", n)})
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	in = open(t, dir, c.set)
	c.pass(time.Minute)
	in.Refuse(Refused{Lot: LotJunk, Cause: "malformed", Body: "one more"})
	list := in.Refused()
	if len(list.Kept) != 100 || list.Kept[0].Body != "delivery 31" || list.Kept[99].Body != "one more" || list.Counts["malformed"] != 131 {
		t.Errorf("%d kept, first %q, last %q, counts %v", len(list.Kept), list.Kept[0].Body, list.Kept[len(list.Kept)-1].Body, list.Counts)
	}
	for i := 1; i < len(list.Kept); i++ {
		if list.Kept[i].ID <= list.Kept[i-1].ID {
			t.Fatalf("ids: %d after %d", list.Kept[i].ID, list.Kept[i-1].ID)
		}
	}
}

func TestAdmit(t *testing.T) {
	var c clock
	dir := t.TempDir()
	in := open(t, dir, c.set)
	client, ctx := NewControl(dir), t.Context()
	in.Refuse(Refused{Lot: LotDeliveries, Cause: "bad_signature", Body: "shown", Data: []byte("exact \xff")})
	in.Refuse(Refused{Lot: LotJunk, Cause: "malformed", Body: "junk"})
	list, err := client.Refused(ctx)
	if err != nil || len(list.Kept) != 2 || list.Kept[0].Size != 7 {
		t.Fatalf("%+v, %v", list, err)
	}
	id, junk := list.Kept[0].ID, list.Kept[1].ID
	if err := client.Admit(ctx, id, "U1"); err == nil || !strings.Contains(err.Error(), "can't admit") {
		t.Errorf("nobody admits: %v", err)
	}
	var admitted []string
	fail := errors.New("Temporal is away")
	in.OnAdmit(func(_ context.Context, r Refused, by string) error {
		if by == "U0" {
			return fail
		}
		admitted = append(admitted, fmt.Sprintf("%s %q %s", r.Body, r.Data, by))
		return nil
	})
	if err := client.Admit(ctx, id, "U0"); err == nil || !strings.Contains(err.Error(), fail.Error()) {
		t.Errorf("%v", err)
	}
	if err := client.Admit(ctx, id, "U1 & more"); err != nil || len(admitted) != 1 || admitted[0] != `shown "exact \xff" U1 & more` {
		t.Errorf("%q, %v", admitted, err)
	}
	if err := client.Admit(ctx, junk, "U1"); err == nil || !strings.Contains(err.Error(), "was not kept") {
		t.Errorf("junk: %v", err)
	}
	if err := client.Admit(ctx, 99, "U1"); !errors.Is(err, ErrNone) {
		t.Errorf("one that isn't there: %v", err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if r, err := open(t, dir, c.set).RefusedData(id); err != nil || r.AdmittedBy != "U1 & more" || r.AdmittedAt.IsZero() || string(r.Data) != "exact \xff" {
		t.Errorf("%+v, %v", r, err)
	}
}

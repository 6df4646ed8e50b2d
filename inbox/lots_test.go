package inbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"testing"
	"time"
)

// TestLotsAreBoundedTogether: at most 64 MiB of data are kept, and no lot takes another's share.
func TestLotsAreBoundedTogether(t *testing.T) {
	l := newRefusals(&journal{})
	now := time.Now()
	add := func(lot Lot, n int) {
		now = now.Add(time.Second)
		l.add(Refused{Lot: lot, Body: fmt.Sprint(n), Data: make([]byte, 1<<20)}, now)
		for _, k := range l.kept {
			k.Data = nil // as if it were saved
		}
	}
	size := func(lot Lot) (bytes, n int) {
		for _, k := range l.kept {
			if k.Lot == lot {
				bytes, n = bytes+k.Size, n+1
			}
		}
		return bytes, n
	}
	for n := range 20 {
		add(LotUnparsed, n)
	}
	for n := range 100 {
		add(LotDeliveries, n)
	}
	for lot, want := range map[Lot]int{LotUnparsed: 16, LotDeliveries: 48} {
		if got, n := size(lot); got != want<<20 || n != want {
			t.Errorf("%s: %d MiB in %d", lot, got>>20, n)
		}
	}
	first, last := l.kept[16], l.kept[16+24]
	if first.Body != "0" || !first.First || last.Body != "76" || last.First {
		t.Errorf("the first since a look: %s, %t; the first of the newest: %s, %t", first.Body, first.First, last.Body, last.First)
	}
}

// TestWhatWaitsToBeSavedIsBounded: on a disk that hangs, deliveries are kept without data once 16 MiB wait.
func TestWhatWaitsToBeSavedIsBounded(t *testing.T) {
	l := newRefusals(&journal{})
	now := time.Now()
	for n := range 30 {
		now = now.Add(time.Second)
		l.add(Refused{Lot: LotDeliveries, Body: fmt.Sprint(n), Data: make([]byte, 1<<20)}, now)
	}
	waits := 0
	for _, k := range l.kept {
		waits += len(k.Data)
		if k.Size != len(k.Data) {
			t.Errorf("%s is said to have %d bytes of data, and has %d", k.Body, k.Size, len(k.Data))
		}
	}
	if waits != maxUnsaved || len(l.kept) != 30 {
		t.Errorf("%d MiB wait, of %d", waits>>20, len(l.kept))
	}
}

// TestTheFirstSinceALook: they remain the first after a restart, until a command lists them.
func TestTheFirstSinceALook(t *testing.T) {
	var c clock
	dir := t.TempDir()
	in := open(t, dir, c.set)
	refuse := func(n int) {
		c.pass(time.Second)
		in.Refuse(Refused{Lot: LotDeliveries, Cause: "bad_signature", Body: fmt.Sprint(n)})
	}
	for n := range 300 {
		refuse(n)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	c = clock{}
	in = open(t, dir, c.set)
	c.pass(time.Hour)
	for n := 300; n < 2000; n++ {
		refuse(n)
	}
	if d := bodies(in, LotDeliveries); len(d) != 1000 || d[0] != "0" || d[199] != "199" || d[200] != "1200" {
		t.Fatalf("%d, %q", len(d), d[195:205])
	}
	if _, err := NewControl(dir).Refused(t.Context()); err != nil {
		t.Fatal(err)
	}
	for n := 2000; n < 3000; n++ {
		refuse(n)
	}
	if d := bodies(in, LotDeliveries); len(d) != 1000 || d[0] != "2000" {
		t.Errorf("after a look: %d, from %q", len(d), d[0])
	}
}

// TestTheExactDataIsNotGivenAway by any method, neither before it is on disk nor after.
func TestTheExactDataIsNotGivenAway(t *testing.T) {
	dir := t.TempDir()
	in := open(t, dir)
	client := NewControl(dir).http
	in.Refuse(Refused{Lot: LotDeliveries, Cause: "bad_signature", Body: "shown", Data: []byte("exact")})
	check := func() {
		t.Helper()
		answer, err := client.Post("http://inbox/refused", "", bytes.NewReader([]byte("{}")))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		r, _ := in.RefusedData(1)
		encoded, _ := json.Marshal(r)
		for _, text := range [][]byte{text, encoded} {
			if err != nil || !bytes.Contains(text, []byte("shown")) || bytes.Contains(text, []byte("exact")) || bytes.Contains(text, []byte("ZXhhY3Q")) {
				t.Errorf("%s, %v", text, err)
			}
		}
		if string(r.Data) != "exact" {
			t.Errorf("the data is %q", r.Data)
		}
	}
	check()
	eventually(t, "saved", func() bool {
		paths, _ := filepath.Glob(filepath.Join(dir, "refused-*.log"))
		k, _ := in.lots.find(1)
		return len(paths) == 1 && k.Data == nil
	})
	check()
}

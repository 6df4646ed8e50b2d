package inbox

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fieldmarshal/prodege"
)

// filled returns a folder whose files contain n waiting events, one that was handed on, a dead letter and refused
// deliveries.
func filled(t *testing.T, n int) (dir string) {
	dir = t.TempDir()
	in := open(t, dir)
	append1(t, in, event(9, 0))
	k := &taker{}
	stop := run(t, in, k)
	eventually(t, "the first is taken", func() bool { return in.Stats().Depth == 0 })
	stop()
	var events []prodege.Event
	for i := range n {
		events = append(events, event(1, i))
	}
	append1(t, in, events...)
	if err := in.submit(t.Context(), &change{do: func() error { return in.writeLetter(DeadLetter{ID: 7_000_000, Event: event(3, 0), Reason: "no"}) }}); err != nil {
		t.Fatal(err)
	}
	in.Refuse(Refused{Lot: LotDeliveries, Cause: "one", Body: "shown", Data: []byte("exact")})
	in.Refuse(Refused{Lot: LotJunk, Cause: "two"})
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// files returns the contents of the folder's files, by name.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, pattern := range []string{"*.log", "*.done", "*.damaged"} {
		paths, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			b, err := os.ReadFile(path)
			if errors.Is(err, os.ErrNotExist) {
				continue // deleted in the meantime
			}
			if err != nil {
				t.Fatal(err)
			}
			all[filepath.Base(path)] = b
		}
	}
	return all
}

func names(files map[string][]byte, ending string) []string {
	var list []string
	for name := range files {
		if strings.HasSuffix(name, ending) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// loaded is what a journal finds in a folder.
func loaded(t *testing.T, dir, prefix string) (texts []string, told int) {
	j := &journal{dir: dir, prefix: prefix}
	if err := j.load(func(_ record, text []byte) { texts = append(texts, string(text)) }, func(string, error) { told++ }); err != nil {
		t.Fatal(err)
	}
	return texts, told
}

// TestAChangedByteOfASmallLog changes each byte of each file to several others. At most the record that is hit is lost, and
// that is reported. What was handed on may be repeated; nothing else counts as handed on.
func TestAChangedByteOfASmallLog(t *testing.T) {
	dir := filled(t, 4)
	all := files(t, dir)
	if n := len(names(all, ".log")); n != 3 || len(names(all, ".done")) == 0 {
		t.Fatalf("files: %v", names(all, ""))
	}
	for name, whole := range all {
		prefix, _, _ := strings.Cut(name, "0")
		want, _ := loaded(t, dir, prefix)
		path := filepath.Join(dir, name)
		for at := range whole {
			for _, c := range changedBytes(whole[at])[:4] {
				data := bytes.Clone(whole)
				data[at] = c
				if err := os.WriteFile(path, data, 0o600); err != nil {
					t.Fatal(err)
				}
				got, told := loaded(t, dir, prefix)
				missing := 0
				for _, text := range want {
					if !slices.Contains(got, text) {
						missing++
					}
				}
				if missing > 1 || missing == 1 && told == 0 || missing == 1 && strings.HasSuffix(name, ".done") {
					t.Fatalf("%s, byte %d changed to %q: %d records are missing, told %d times", name, at, c, missing, told)
				}
				if extra := len(got) - (len(want) - missing); extra > 1 {
					t.Fatalf("%s, byte %d changed to %q: %d records too many", name, at, c, extra)
				}
			}
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAChangedByteOfALargeLog changes bytes anywhere, seeded.
func TestAChangedByteOfALargeLog(t *testing.T) {
	dir := filled(t, 20_000)
	want, _ := loaded(t, dir, "")
	path := filepath.Join(dir, names(files(t, dir), ".log")[0])
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 7))
	for range 60 {
		data := bytes.Clone(whole)
		at := r.IntN(len(data))
		data[at] ^= byte(1 + r.IntN(255))
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		got, told := loaded(t, dir, "")
		if len(got) < len(want)-1 || told == 0 && len(got) < len(want) || !subsequence(got, want) && len(got) <= len(want) {
			t.Fatalf("byte %d changed: %d of %d records, told %d times", at, len(got), len(want), told)
		}
	}
}

// TestADamagedLineIsSetAside: everything else is handed on, people are told, and the file is kept.
func TestADamagedLineIsSetAside(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"a digit of an amount":    func(b []byte) []byte { return bytes.Replace(b, []byte(`"4.25"`), []byte(`"9.25"`), 3) },
		"zeros in the middle":     func(b []byte) []byte { clear(b[len(b)/2 : len(b)/2+5000]); return b },
		"bytes inserted":          func(b []byte) []byte { return slices.Insert(b, len(b)/2, []byte("\nsomething else\n")...) },
		"the beginning is gone":   func(b []byte) []byte { return b[1000:] },
		"a foreign file":          func(b []byte) []byte { return append([]byte("SQLite format 3\x00\n"), b...) },
		"the last line's amount":  func(b []byte) []byte { i := bytes.LastIndex(b, []byte("4.25")); b[i] = '9'; return b },
		"all lines twice":         func(b []byte) []byte { return append(b, append([]byte("x\n"), b...)...) },
		"a line of a mebibyte":    func(b []byte) []byte { return append(append(bytes.Repeat([]byte("0"), 1<<20), '\n'), b...) },
		"a record of other shape": func(b []byte) []byte { return append(append(b, lines(`{"other":1}`)...), lines("")...) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filled(t, 300)
			path := filepath.Join(dir, names(files(t, dir), ".log")[0])
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, damage(b), 0o600); err != nil {
				t.Fatal(err)
			}
			told := make(chan string, 10)
			in, k := open(t, dir, func(o *Options) { o.Alarm = func(text string) { told <- text } }), &taker{}
			if text := <-told; !strings.Contains(text, "damaged") || !strings.Contains(text, ".log, at byte ") {
				t.Errorf("told: %s", text)
			}
			run(t, in, k)
			append1(t, in, event(2, 0))
			eventually(t, "all taken", func() bool { return in.Stats().Depth == 0 })
			if ids := k.ids(1); len(ids) < 270 || len(k.ids(2)) != 1 {
				t.Errorf("%d events were kept", len(ids))
			}
			for _, e := range k.took {
				if e.RequiredCPI.String() != "4.25" {
					t.Errorf("%s asks for %s", e.ID, e.RequiredCPI)
				}
			}
			eventually(t, "set aside", func() bool {
				return slices.Equal(names(files(t, dir), ".damaged"), []string{filepath.Base(path) + ".damaged"})
			})
			if letters := in.DeadLetters(); len(letters) != 1 {
				t.Errorf("letters: %+v", letters)
			}
		})
	}
}

// TestALineThatIsDamagedLater: a line that was intact at the start becomes a dead letter.
func TestALineThatIsDamagedLater(t *testing.T) {
	dir := filled(t, 3)
	in, k := open(t, dir), &taker{}
	path := filepath.Join(dir, names(files(t, dir), ".log")[0])
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(b, []byte(`"4.25"`), []byte(`"9.25"`)), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, in, k)
	eventually(t, "all are dead", func() bool { return in.Stats().DeadLetters == 4 })
	letters := in.DeadLetters()
	if len(k.ids(0)) != 0 {
		t.Fatalf("%+v; taken: %v", letters, k.ids(0))
	}
	l := letters[0]
	if !strings.Contains(l.Reason, "damaged on disk") || !bytes.Contains(l.Damaged, []byte("9.25")) {
		t.Errorf("letter: %+v", l)
	}
	if err := in.Retry(t.Context(), l.ID); err == nil {
		t.Error("what can't be read was retried")
	}
}

// TestAFileThatWasCutOffIsNoDamage: what was cut off was never acknowledged. Later starts agree.
func TestAFileThatWasCutOffIsNoDamage(t *testing.T) {
	dir := filled(t, 3)
	path := filepath.Join(dir, names(files(t, dir), ".log")[0])
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b[:len(b)-10], 0o600); err != nil {
		t.Fatal(err)
	}
	for start := range 3 {
		var told []string
		in := open(t, dir, func(o *Options) { o.Alarm = func(text string) { told = append(told, text) } })
		append1(t, in, event(2, start))
		if n := in.Stats().Depth; n != 2+start+1 {
			t.Errorf("%d events wait at start %d", n, start)
		}
		if err := in.Close(); err != nil || told != nil {
			t.Errorf("told: %v, %v", told, err)
		}
	}
}

// TestFilesOfOthersAreLeftAlone: the inbox opens whatever is in the folder.
func TestFilesOfOthersAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"0000000003.log", "notes.txt", "x0000000001.log", "refused-.log", "dead-1.log.damaged", "18446744073709551615.log"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("something\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "0000000008.log"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "0000000005.done"), lines("5", "9"), 0o600); err != nil {
		t.Fatal(err)
	}
	in, k := open(t, dir), &taker{}
	run(t, in, k)
	append1(t, in, event(1, 0))
	eventually(t, "taken", func() bool { return len(k.ids(0)) == 1 })
	if b, err := os.ReadFile(filepath.Join(dir, "notes.txt")); err != nil || string(b) != "something\n" {
		t.Errorf("%q, %v", b, err)
	}
}

// TestNoNumberIsGivenTwice: a list of finished records never applies to another file.
func TestNoNumberIsGivenTwice(t *testing.T) {
	dir := t.TempDir()
	taken := map[string]bool{}
	for round := range 5 {
		in, k := open(t, dir), &taker{}
		for n := range 3 {
			append1(t, in, event(1, 10*round+n))
		}
		if round%2 == 0 {
			stop := run(t, in, k)
			eventually(t, "all taken", func() bool { return in.Stats().Depth == 0 })
			stop()
		}
		for _, id := range k.ids(0) {
			if taken[id] {
				t.Errorf("%s came again after an orderly stop", id)
			}
			taken[id] = true
		}
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(taken) != 15 {
		t.Errorf("taken: %v", fmt.Sprint(taken))
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("left: %v", names(left, ""))
	}
}

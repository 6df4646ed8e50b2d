package inbox

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

// split returns the texts of all whole lines, and how many were bad.
func split(data []byte) (texts []string, bad int) {
	splitLines(data, func(at int, text []byte) {
		if !bytes.Equal(data[at:at+len(text)], text) {
			panic("the offset does not fit the text")
		}
		texts = append(texts, string(text))
	}, func(int) { bad++ })
	return texts, bad
}

func lines(texts ...string) []byte {
	var b []byte
	for _, t := range texts {
		b = appendLine(b, []byte(t))
	}
	return b
}

// changedBytes returns what a byte is changed to: one bit flipped, the bytes that structure a line, and zero bytes.
func changedBytes(b byte) []byte {
	all := []byte{b ^ 1, 0, '\n', ' ', '0', '{', b ^ 0x80, 0xff}
	return slices.DeleteFunc(all, func(c byte) bool { return c == b })
}

func TestALineIsReadableText(t *testing.T) {
	const want = "e3069283 123456789\n" // the check value that is published for CRC-32C
	if got := string(lines("123456789")); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAChangedByteCostsOneLine(t *testing.T) {
	var texts []string
	for n := range 5 {
		texts = append(texts, fmt.Sprintf(`{"number":%d,"text":"deadbeef {\"number\":7,"}`, n+1))
	}
	whole := lines(texts...)
	for at := range whole {
		for _, c := range changedBytes(whole[at]) {
			data := bytes.Clone(whole)
			data[at] = c
			got, bad := split(data)
			if !subsequence(got, texts) || len(got) < len(texts)-1 {
				t.Fatalf("byte %d changed to %q: %q", at, c, got)
			}
			if len(got) < len(texts) && bad == 0 {
				t.Fatalf("byte %d changed to %q: a lost line was not told", at, c)
			}
		}
	}
}

func TestALineThatWasCutOffIsPassedOver(t *testing.T) {
	texts := []string{`{"number":1,"a":1}`, `{"number":2,"a":2}`, `{"number":3,"a":3}`}
	whole := lines(texts...)
	for end := range whole {
		got, bad := split(whole[:end])
		if bad != 0 || !subsequence(got, texts) || len(got) < bytes.Count(whole[:end], []byte{'\n'}) {
			t.Fatalf("cut at %d: %q, %d bad", end, got, bad)
		}
	}
}

// subsequence reports whether part is all with some elements left out.
func subsequence(part, all []string) bool {
	for _, p := range part {
		i := slices.Index(all, p)
		if i < 0 {
			return false
		}
		all = all[i+1:]
	}
	return true
}

func FuzzLines(f *testing.F) {
	f.Add([]byte(nil), 0, byte(0))
	f.Add(lines(`{"number":1,"a":1}`, `{"number":2,"a":2}`), 30, byte('x'))
	f.Add([]byte("\n\n00000000 \n00000000  {\"number\":"), 3, byte('\n'))
	f.Fuzz(func(t *testing.T, data []byte, at int, c byte) {
		texts, _ := split(data)
		for _, text := range texts { // what counts as intact is
			if !bytes.Contains(data, bytes.TrimSuffix(lines(text), []byte{'\n'})) {
				if _, ok := parseLine(bytes.TrimSuffix(lines(text), []byte{'\n'})); !ok {
					t.Fatalf("%q does not match its checksum", text)
				}
			}
		}
		// All but one of the records survive a change.
		var records []string
		for n, part := range bytes.Split(data, []byte{'\n'}) {
			records = append(records, fmt.Sprintf(`{"number":%d,"text":%q}`, n, part))
		}
		whole := lines(records...)
		if at = int(uint(at) % uint(len(whole))); whole[at] == c {
			return
		}
		whole[at] = c
		got, bad := split(whole)
		if len(got) < len(records)-1 || !subsequence(got, records) || len(got) < len(records) && bad == 0 {
			t.Fatalf("byte %d changed to %q: %d of %d records, %d bad", at, c, len(got), len(records), bad)
		}
	})
}

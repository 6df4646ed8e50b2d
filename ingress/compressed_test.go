package ingress

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fieldmarshal/inbox"
)

func gzipped(t testing.TB, body []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestCompressedDeliveries: a delivery in gzip is like any other, within the same limits.
func TestCompressedDeliveries(t *testing.T) {
	whole := gzipped(t, signed(seed))
	large := signed("[" + strings.Repeat(seed+",", 400) + seed + "]")
	changed := bytes.Clone(whole)
	changed[len(changed)-5] ^= 1 // of its checksum
	for _, c := range []struct {
		name, encoding string
		body           []byte
		status, events int
		cause          string
	}{
		{"one", "gzip", whole, 200, 1, ""},
		{"by its old name", "X-GZIP", whole, 200, 1, ""},
		{"said to be as it is", "identity", signed(seed), 200, 1, ""},
		{"a large one", "gzip", gzipped(t, large), 200, 401, ""},
		{"1 MiB", "gzip", gzipped(t, append(signed(seed), bytes.Repeat([]byte(" "), maxBody-len(signed(seed)))...)), 200, 1, ""},
		{"a byte more", "gzip", gzipped(t, append(signed(seed), bytes.Repeat([]byte(" "), maxBody-len(signed(seed))+1)...)), 413, 0, causeTooLarge},
		{"a bomb", "gzip", gzipped(t, make([]byte, 64<<20)), 413, 0, causeTooLarge},
		{"not compressed", "gzip", signed(seed), 415, 0, causeCompressed},
		{"damaged", "gzip", changed, 415, 0, causeCompressed},
		{"cut off", "gzip", whole[:len(whole)/2], 500, 0, causeUnreadable},
		{"nothing", "gzip", nil, 400, 0, "malformed"},
		{"in another way", "br", whole, 415, 0, causeCompressed},
		{"twice", "gzip, gzip", gzipped(t, whole), 415, 0, causeCompressed},
		{"signed otherwise", "gzip", gzipped(t, signedOtherwise(seed)), 400, 0, "bad_signature"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			r := httptest.NewRequest(http.MethodPost, statusPath, bytes.NewReader(c.body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Content-Encoding", c.encoding)
			if status, text := w.serve(r); status != c.status {
				t.Errorf("answered %d %s", status, text)
			}
			if n := len(w.waiting()); n != c.events {
				t.Errorf("%d events wait", n)
			}
			kept := w.box.Refused().Kept
			if (c.cause == "") != (len(kept) == 0) || len(kept) > 0 && kept[0].Cause != c.cause {
				t.Errorf("kept %+v", kept)
			}
			if n := len(w.in.bodies.work) + len(w.in.bodies.large) + len(w.in.bodies.largeWork); n != 0 {
				t.Errorf("%d turns were not given back", n)
			}
		})
	}
}

// TestACompressedDeliveryCanBeAdmitted: it is kept uncompressed.
func TestACompressedDeliveryCanBeAdmitted(t *testing.T) {
	w := newWorld(t)
	r := httptest.NewRequest(http.MethodPost, statusPath, bytes.NewReader(gzipped(t, signedOtherwise(seed))))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Content-Encoding", "gzip")
	w.serve(r)
	kept := w.box.Refused().Kept
	if len(kept) != 1 || kept[0].Lot != inbox.LotDeliveries || !strings.Contains(kept[0].Body, "29303649") {
		t.Fatalf("kept %+v", kept)
	}
	if err := w.box.Admit(t.Context(), kept[0].ID, "U0ANN"); err != nil {
		t.Error(err)
	}
	if events := w.waiting(); len(events) != 1 || events[0].Vouched != "U0ANN" {
		t.Errorf("waiting: %+v", events)
	}
}

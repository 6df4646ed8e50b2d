package e2e

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fieldmarshal/prodege"
)

var figures = flag.Bool("figures", false, "measure at length in TestFigures; meaningful only if nothing else runs on the machine")

// TestFigures measures the latency and rate of deliveries, with Temporal reachable and unreachable, and for comparison
// those of a bare net/http handler, a bare fsync on the same machine, and a bare SignalWithStart on the same server.
// Without -figures it only checks that every delivery is accepted, at once or when it is repeated.
func TestFigures(t *testing.T) {
	t.Parallel()
	n := 200
	if *figures {
		n = 3000
	}
	up := prepareWorld(t, server.HostPort)
	down := prepareWorld(t, server.HostPort, func(p *plan) { p.temporal = "127.0.0.1:1" })
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	var b strings.Builder
	b.WriteString("| what | concurrent | per second | p50 | p99 |\n| --- | --- | --- | --- | --- |\n")
	for _, c := range []struct {
		what string
		n    int
		call func(i int) error
	}{
		{"webhook, Temporal up", n, up.webhook(client)},
		{"webhook, Temporal down", n, down.webhook(client)},
		{"bare net/http", n, bareHTTP(t, client)},
		{"bare write and fsync", n, bareFsync(t)},
		{"bare SignalWithStart", n / 10, func(i int) error {
			ctx, cancel := context.WithTimeout(up.ctx, waitTimeout)
			defer cancel()
			return up.flows.Deliver(ctx, prodege.Event{ID: prodege.EventID(fmt.Sprintf("bare-%d", i)), ProjectID: prodege.ProjectID(5000 + i%200), Status: prodege.Live, Time: time.Now()})
		}},
	} {
		await(t, "the inbox to be empty", func() bool { return up.ingress.metric("fieldmarshal_inbox_depth", "") == 0 })
		for _, callers := range []int{1, 16, 64} {
			m := measure(t, c.n, callers, c.call)
			fmt.Fprintf(&b, "| %s | %d | %.0f | %.2f ms | %.2f ms |\n", c.what, callers, m.rate, ms(m.p50), ms(m.p99))
			if *figures && m.p99 > 5*time.Second && strings.HasPrefix(c.what, "webhook") {
				t.Errorf("%s: p99 is %s", c.what, m.p99)
			}
		}
	}
	t.Logf("\n%s", b.String())
	if *report && *figures {
		writeSection(t, "figures", b.String())
	}
}

// webhook starts a world's ingress, without a worker, and returns a function that delivers one event.
func (w *world) webhook(client *http.Client) func(int) error {
	w.t.Helper()
	w.ingress.launch()
	w.ingress.waitReady()
	return func(i int) error {
		contentType, body := signDelivery(eventJSON(fmt.Sprintf("figure-%d-%d", i, time.Now().UnixNano()), prodege.ProjectID(1000+i%200), live), prodege.JSON)
		for attempt := 0; ; attempt++ {
			response, err := client.Post(w.ingress.url+statusPath, contentType, bytes.NewReader(body))
			if err != nil {
				return err
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			switch {
			case response.StatusCode == http.StatusOK:
				return nil
			case response.StatusCode < 500 || attempt == len(prodegeRetries):
				return fmt.Errorf("answered %d", response.StatusCode)
			}
			time.Sleep(prodegeRetries[attempt])
		}
	}
}

// bareHTTP returns a function that calls a server that only reads a delivery and responds like the ingress.
func bareHTTP(t *testing.T, client *http.Client) func(int) error {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"success":true}`)
	}))
	t.Cleanup(server.Close)
	contentType, body := signDelivery(eventJSON("figure", 1000, live), prodege.JSON)
	return func(int) error {
		response, err := client.Post(server.URL, contentType, bytes.NewReader(body))
		if err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, response.Body)
		return response.Body.Close()
	}
}

// bareFsync returns a function that appends a record of a delivery's size to a file and syncs it.
func bareFsync(t *testing.T) func(int) error {
	var mu sync.Mutex
	f, err := os.Create(filepath.Join(t.TempDir(), "bare"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	record := bytes.Repeat([]byte("x"), 400)
	return func(int) error {
		mu.Lock()
		defer mu.Unlock()
		if _, err := f.Write(record); err != nil {
			return err
		}
		return f.Sync()
	}
}

// prodegeRetries are the delays after which Prodege repeats a delivery that was answered with 500.
var prodegeRetries = []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second}

type measured struct {
	rate     float64 // per second
	p50, p99 time.Duration
}

func measure(t *testing.T, n, callers int, call func(int) error) measured {
	t.Helper()
	took := make([]time.Duration, n)
	next := make(chan int)
	var all sync.WaitGroup
	start := time.Now()
	for range callers {
		all.Go(func() {
			for i := range next {
				begin := time.Now()
				if err := call(i); err != nil {
					t.Error(err)
				}
				took[i] = time.Since(begin)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
	whole := time.Since(start)
	slices.Sort(took)
	return measured{rate: float64(n) / whole.Seconds(), p50: took[n/2], p99: took[n*99/100]}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

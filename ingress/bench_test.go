package ingress

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/slack-go/slack"

	"fieldmarshal/inbox"
	"fieldmarshal/prodege"
)

// BenchmarkDelivery is the whole way of a delivery over HTTP, to a file system that the machine's temporary folder
// is on, beside a bare net/http server that reads the same body and answers the same. The caller writes and reads
// bytes and allocates next to nothing, but its time on the processor is in the figure.
func BenchmarkDelivery(b *testing.B) {
	for _, at := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("bare/%d", at), func(b *testing.B) {
			bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Content-Type", "application/json; charset=utf-8")
				_, _ = io.WriteString(w, `{"success":true}`)
			})
			benchmark(b, &http.Server{Handler: bare}, at, rawRequest(signed(seed)), http.StatusOK)
		})
		b.Run(fmt.Sprintf("delivery/%d", at), func(b *testing.B) {
			benchmark(b, quietIngress(b).Server(), at, rawRequest(signed(seed)), http.StatusOK)
		})
	}
}

// TestADeliveryAllocatesLittle guards what BenchmarkDelivery measures, without the server's own allocations.
func TestADeliveryAllocatesLittle(t *testing.T) {
	in, body := quietIngress(t), signed(seed)
	const limit = 150 // about 90, the rest is for the goroutine that writes
	if n := testing.AllocsPerRun(200, func() {
		r := httptest.NewRequest(http.MethodPost, statusPath, bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		in.handler.ServeHTTP(httptest.NewRecorder(), r)
	}); n > limit {
		t.Errorf("%v allocations for a delivery, want at most %d", n, limit)
	}
}

// BenchmarkUnsigned measures what anyone can send: bodies of a MiB without a valid signature.
func BenchmarkUnsigned(b *testing.B) {
	const size = 1 << 20
	signature := strings.Repeat("A", 43)
	for name, data := range map[string]string{
		"objects": "[" + strings.Repeat("{},", size/3-50) + "{}]",
		"string":  `"` + strings.Repeat("a", size-200) + `"`,
		"spaces":  "[" + strings.Repeat(" ", size-200) + "]",
	} {
		b.Run(name, func(b *testing.B) {
			body := `{"signature":"` + signature + `","data":` + data + `}`
			benchmark(b, quietIngress(b).Server(), 1, rawRequest([]byte(body)), http.StatusBadRequest)
		})
	}
}

// BenchmarkUnsignedAtOnce sends 200 of them concurrently, and genuine deliveries in sequence at the same time. It measures the
// peak memory of the process including the callers, the processor time per body including the caller's, and how long a
// genuine delivery waits for its answer.
func BenchmarkUnsignedAtOnce(b *testing.B) {
	const atOnce = 200
	kinds := unsigned()
	kinds["compressed"] = [2]string{"application/json\r\nContent-Encoding: gzip", string(gzipped(b, []byte(kinds["objects"][1])))}
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		b.Run(name, func(b *testing.B) {
			server := httptest.NewUnstartedServer(nil)
			server.Config = quietIngress(b).Server()
			server.Start()
			defer server.Close()
			body := kinds[name][1]
			request := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: door\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", statusPath, kinds[name][0], len(body), body)
			genuine := rawRequest(signed(seed))
			var took []time.Duration
			debug.FreeOSMemory()
			_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // resets the peak
			before := processor()
			b.ResetTimer()
			for range b.N {
				var callers sync.WaitGroup
				var left atomic.Int64
				left.Store(atOnce)
				for range atOnce {
					callers.Go(func() {
						defer left.Add(-1)
						conn, err := net.Dial("tcp", server.Listener.Addr().String())
						if err != nil {
							b.Error(err)
							return
						}
						defer conn.Close()
						// A body without a turn is answered before it is read, and its connection closed.
						if status, err := call(conn, bufio.NewReader(conn), request); err == nil && status != http.StatusBadRequest && status != http.StatusInternalServerError {
							b.Errorf("answered %d", status)
						}
					})
				}
				conn, err := net.Dial("tcp", server.Listener.Addr().String())
				if err != nil {
					b.Fatal(err)
				}
				in := bufio.NewReader(conn)
				for left.Load() > 0 {
					start := time.Now()
					if status, err := call(conn, in, genuine); err != nil || status != http.StatusOK {
						b.Errorf("a genuine delivery is answered %d: %v", status, err)
						break
					}
					took = append(took, time.Since(start))
				}
				_ = conn.Close()
				callers.Wait()
			}
			b.StopTimer()
			slices.Sort(took)
			b.ReportMetric(float64(len(took))/float64(b.N), "genuine/op")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "genuine-p99-ms")
			b.ReportMetric(float64((processor()-before).Microseconds())/1000/float64(atOnce*b.N), "cpu-ms/body")
			b.ReportMetric(float64(residentPeak())/1024, "resident-MiB")
		})
	}
}

// residentPeak returns the peak memory of this process in KiB; 0 if unknown.
func residentPeak() (n int) {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	_, _ = fmt.Sscan(rest, &n)
	return n
}

// quietIngress returns an ingress that logs like the program, with nothing behind its inbox.
func quietIngress(b testing.TB) *Ingress {
	devNull, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(devNull, nil))
	box, err := inbox.Open(inbox.Options{Dir: b.TempDir(), Logger: log})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = box.Close(); _ = devNull.Close() })
	in, err := New(Options{Logger: log, Inbox: box, Workflows: &temporal{}, Approvers: &approvers{}, Registry: prometheus.NewRegistry(),
		ProdegeSecrets: []prodege.Secret{prodegeSecret, "hush-older"}, SigningSecrets: []prodege.Secret{slackSecret},
		Slack: slack.New("x", slack.OptionAPIURL("http://slack.invalid/api/"), slack.OptionHTTPClient(nowhere{})), Team: func(context.Context) (string, error) { return "T1", nil }})
	if err != nil {
		b.Fatal(err)
	}
	return in
}

func rawRequest(body []byte) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: door\r\nUser-Agent: Prodege\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", statusPath, len(body), body)
}

// benchmark sends a request over a number of connections concurrently.
func benchmark(b *testing.B, config *http.Server, at int, request []byte, want int) {
	server := httptest.NewUnstartedServer(nil)
	server.Config = config
	server.Start()
	defer server.Close()
	var left atomic.Int64
	left.Store(int64(b.N))
	var callers sync.WaitGroup
	start := make(chan struct{})
	for range at {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		callers.Go(func() {
			in := bufio.NewReader(conn)
			<-start
			for left.Add(-1) >= 0 {
				if status, err := call(conn, in, request); err != nil || status != want {
					b.Errorf("answered %d: %v", status, err)
					return
				}
			}
		})
	}
	b.ReportAllocs()
	b.ResetTimer()
	before := processor()
	close(start)
	callers.Wait()
	b.ReportMetric(float64((processor()-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
}

// call sends a request and reads the answer, without allocating.
func call(conn net.Conn, in *bufio.Reader, request []byte) (status int, err error) {
	if _, err := conn.Write(request); err != nil {
		return 0, err
	}
	length := 0
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if first && len(line) > 12 {
			status, _ = strconv.Atoi(string(line[9:12]))
		}
		if rest, ok := strings.CutPrefix(string(line), "Content-Length: "); ok {
			length, _ = strconv.Atoi(strings.TrimSpace(rest))
		}
		if len(line) == 2 {
			break
		}
	}
	_, err = in.Discard(length)
	return status, err
}

// processor returns the processor time of this process.
func processor() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

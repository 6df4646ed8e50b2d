package inbox

import (
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"fieldmarshal/prodege"
)

// BenchmarkAppend measures how long a delivery waits for its answer and how many are answered a second, with
// so many callers at a time, while nothing is handed on (Temporal is away).
func BenchmarkAppend(b *testing.B) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			in, err := Open(Options{Dir: b.TempDir(), Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				b.Fatal(err)
			}
			defer in.Close()
			took := make([]time.Duration, b.N)
			next := make(chan int)
			var all sync.WaitGroup
			b.ResetTimer()
			for range callers {
				all.Go(func() {
					for n := range next {
						start := time.Now()
						if err := in.Append(b.Context(), []prodege.Event{event(1+n%50, n)}); err != nil {
							b.Error(err)
						}
						took[n] = time.Since(start)
					}
				})
			}
			for n := range b.N {
				next <- n
			}
			close(next)
			all.Wait()
			b.StopTimer()
			slices.Sort(took)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(took[b.N/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[b.N*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}

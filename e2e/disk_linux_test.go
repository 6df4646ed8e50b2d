package e2e

import (
	"math"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/simulator"
)

// limitFileSize limits the size of the files that a running process may write, which has the effect of a full disk.
func (p *process) limitFileSize(bytes uint64) {
	p.t.Helper()
	limit := syscall.Rlimit{Cur: bytes, Max: math.MaxUint64}
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(p.cmd.Process.Pid), syscall.RLIMIT_FSIZE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0); errno != 0 {
		p.t.Fatal(errno)
	}
}

// TestFullDisk checks that deliveries go straight to Temporal when the inbox can't be written, and are refused only if
// Temporal is unreachable too.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	p := newProxy(t, server.HostPort)
	p.up()
	w := newWorld(t, func(plan *plan) {
		plan.temporal = p.addr
		plan.prodege = func(o *simulator.ProdegeOptions) { o.WebhookRetryAfter = []time.Duration{} } // the test resends instead
	})
	w.ingress.limitFileSize(1)
	e, err := w.prodege.Pause(w.ctx, theProject, prodege.SampleSize) // straight to Temporal
	repeats := w.resendUntilAccepted(e, err)
	w.waitProject(theProject, func(s *project.State) bool { return s.Counts.Applied == 1 }, "the event")
	if status, body := w.ingress.get("/readyz"); status != http.StatusOK || !strings.Contains(body, `"degraded"`) {
		t.Errorf("/readyz answers %d %s", status, body)
	}
	p.down()
	e, err = w.prodege.Live(w.ctx, theProject)
	if err != nil || e.Status() != http.StatusInternalServerError {
		t.Errorf("with neither disk nor Temporal a delivery is answered %d, %v", e.Status(), err)
	}
	p.up()
	w.ingress.limitFileSize(math.MaxUint64)
	again, err := w.prodege.Resend(w.ctx, e)
	repeats += w.resendUntilAccepted(again, err)
	// Events that Temporal accepted too late for a 200 were sent twice.
	w.waitProject(theProject, func(s *project.State) bool {
		return s.Counts.Applied == 2 && s.Counts.Received <= 2+int64(repeats)
	}, "the second event")
	w.ingress.waitReady()
}

// resendUntilAccepted repeats a delivery, as Prodege does, until it is answered with 200. It returns the number of
// repetitions.
func (w *world) resendUntilAccepted(e simulator.Exchange, err error) (repeats int) {
	w.t.Helper()
	w.retry("a delivery", func() bool {
		if err != nil {
			w.t.Fatal(err)
		}
		if e.Status() != http.StatusInternalServerError {
			w.checkDelivered(e, nil)
			return false
		}
		repeats++
		e, err = w.prodege.Resend(w.ctx, e)
		return true
	})
	return repeats
}

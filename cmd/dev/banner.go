package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// banner says what runs where, and what to try.
func (s *stack) banner(took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nFieldmarshal is ready (%.1f s).\n\n", took.Seconds())
	if s.prodege != nil || s.slack != nil {
		fmt.Fprintf(&b, "  Simulators  %s/\n", address(s.page))
	}
	fmt.Fprintf(&b, "  Temporal UI %s\n", s.temporal.UIURL)
	fmt.Fprintf(&b, "  Webhook     %s/webhooks/prodege/project-status\n", address(s.http))
	fmt.Fprintf(&b, "  Health      %s/readyz  %s/readyz\n", address(s.admin), address(s.worker))
	fmt.Fprintf(&b, "  Temporal    %s, namespace default\n", s.temporal.HostPort)
	fmt.Fprintf(&b, "  Data        %s\n\n", s.data)
	for _, text := range s.portsTaken {
		fmt.Fprintf(&b, "  %s\n", text)
	}
	if len(s.portsTaken) > 0 {
		b.WriteByte('\n')
	}
	for _, part := range []struct {
		name      string
		simulated bool
	}{{"Prodege", s.prodege != nil}, {"Billing", s.billing != nil}, {"Slack", s.slack != nil}} {
		kind := "REAL"
		if part.simulated {
			kind = "simulated"
		}
		fmt.Fprintf(&b, "  %-8s is %s\n", part.name, kind)
	}
	if s.slack != nil && s.prodege != nil && !s.flags.demo {
		b.WriteString("\nTry: on the simulators' page, press “Pause for CPI” on a project, then Approve as Ann.\n     Or stop this and run it with -demo.\n")
	}
	if s.verbose {
		fmt.Fprintf(&b, "\n  Resident memory %s, %d goroutines\n", residentMemory(), runtime.NumGoroutine())
	}
	b.WriteString("\nCtrl-C stops everything.\n\n")
	return b.String()
}

// residentMemory is what the kernel says of this process; Linux only.
func residentMemory() string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "unknown"
}

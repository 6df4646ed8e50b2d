package main

import (
	"fmt"
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
	b.WriteString("\nCtrl-C stops everything.\n\n")
	return b.String()
}

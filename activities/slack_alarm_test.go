package activities

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fieldmarshal/simulator"
)

func TestAlarms(t *testing.T) {
	sim, s := workspace(t)
	tell := Alarms(s.api, "C1", true)
	sim.Inject(simulator.Fault{Kind: simulator.RateLimited, Method: "chat.postMessage", RetryAfter: time.Second})
	if err := tell(t.Context(), "5 deliveries were refused <!channel>"); err != nil {
		t.Fatal(err)
	}
	said := sim.Messages("C1")
	if len(said) != 1 || strings.Contains(said[0].Text, "<!channel>") || !strings.Contains(simulator.PlainText(said[0]), "simulated") {
		t.Fatalf("said: %+v", said)
	}
	if m := said[0].Metadata; m == nil || m.EventType != metadataType || !strings.HasPrefix(fmt.Sprint(m.EventPayload[metadataKey]), "alarm-") {
		t.Errorf("metadata: %+v", m)
	}
	// It is unknown whether it was posted, so it is not posted again.
	sim.Inject(simulator.Fault{Kind: simulator.LostAnswer, Method: "chat.postMessage"})
	if err := tell(t.Context(), "once"); err == nil {
		t.Error("a lost answer is no fault")
	}
	if said := sim.Messages("C1"); len(said) != 2 {
		t.Errorf("%d messages", len(said))
	}
}

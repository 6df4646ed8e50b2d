package ingress

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"fieldmarshal/inbox"
	"fieldmarshal/prodege"
)

const (
	// So many refused deliveries within so long are told to the alerts channel: a misread signature would be
	// a silent, total loss, for Prodege never sends again what was answered 400.
	alarmingRefusals = 5
	refusalWindow    = 10 * time.Minute

	alertTimeout = 3 * time.Minute // Slack may ask to wait; the process tells less long once it stops
)

// refusals remembers when deliveries were refused lately.
type refusals struct {
	mu    sync.Mutex
	at    []time.Time // the newest, as many as alarm
	told  time.Time   // when people were told last
	since int         // refused since then
}

// add notes a refusal. Where it is the one that makes them alarming it gives how many there were since people
// were told last; 0 else. They are told once a window at most: whoever knows the address can post there, and
// must not be able to bury what matters.
func (r *refusals) add(now time.Time) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = append(r.at, now)
	r.at = r.at[max(0, len(r.at)-alarmingRefusals):]
	r.since++
	if len(r.at) < alarmingRefusals || now.Sub(r.at[0]) >= refusalWindow || !r.told.IsZero() && now.Sub(r.told) < refusalWindow {
		return 0
	}
	n := r.since
	r.told, r.since, r.at = now, 0, nil
	return n
}

// refuse answers a delivery that can't be taken, and keeps it for people to look at.
func (in *Ingress) refuse(c *gin.Context, status int, id prodege.EventID, refusal *prodege.Refusal, body []byte) {
	in.count(c, outcomeRefused)
	in.metrics.refused.WithLabelValues(refusal.Cause).Inc()
	in.log.Warn("delivery refused", "request_id", c.GetString("request_id"), "event_id", id, "status", status, "cause", refusal.Cause, "why", refusal.Detail)
	lot := inbox.LotJunk
	if refusal.Cause == prodege.BadSignature {
		lot = inbox.LotDeliveries
	}
	in.options.Inbox.Refuse(inbox.Refused{
		Lot: lot, Cause: refusal.Cause, Detail: refusal.Detail, Remote: c.RemoteIP(),
		Path: redactText(c.Request.URL.RequestURI()), Header: redactHeader(c.Request.Header), Body: redactText(string(body[:min(len(body), maxRedacted)])),
	})
	if n := in.refusals.add(in.now()); n > 0 {
		in.alert(c.Request.Context(), fmt.Sprintf("%d deliveries of Prodege's webhook were refused lately, %d of them within %d minutes, the last as %s. "+
			"Prodege does not send a refused delivery again. Look at them with `fieldmarshal refused`; where the signature is the cause, check PRODEGE_SECRET_KEY. "+
			"Further ones are told in %d minutes at the earliest.",
			n, alarmingRefusals, int(refusalWindow.Minutes()), refusal.Cause, int(refusalWindow.Minutes())))
	}
	fail(c, status, id, refusal.Detail)
}

// alert tells the alerts channel, after the answer.
func (in *Ingress) alert(ctx context.Context, text string) {
	in.log.Error(text, "alarm", "refused")
	if in.options.Alert == nil {
		return
	}
	in.afterwards(ctx, alertTimeout, func(ctx context.Context) {
		if err := in.options.Alert(ctx, text); err != nil {
			in.log.Error("the alerts channel could not be told", "error", err)
		}
	})
}

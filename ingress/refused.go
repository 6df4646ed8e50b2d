package ingress

import (
	"context"
	"fmt"
	"net/http"
	"regexp"

	"github.com/gin-gonic/gin"

	"fieldmarshal/inbox"
	"fieldmarshal/prodege"
)

// refusal is why a delivery is refused, and how that is answered.
type refusal struct {
	prodege.Refusal
	status int

	// Set if the delivery's form is right, but its signature matches no secret or its data can't be parsed.
	lot  inbox.Lot
	data []byte // part of the body
}

// refuse answers a delivery that can't be accepted, and keeps it for people to see. What looks like a delivery is kept apart
// from junk, with the data that it takes to admit it. One that only got no turn is not kept. The body is not used again.
func (in *Ingress) refuse(c *gin.Context, r *refusal, body []byte) {
	ctx, id := c.Request.Context(), requestID(c)
	defer fail(c, r.status, r.EventID, r.Detail)
	if r == errBusy {
		in.log.Warn("a delivery got no turn: too many requests are in progress", "request_id", id, "bytes", c.Request.ContentLength)
		in.count(c, outcomeFailed)
		in.raiseFailed(ctx, r.Cause, "too many requests were in progress")
		return
	}
	lot, data := r.lot, r.data
	if lot == "" {
		var signed bool
		data, signed = prodege.SalvageData(c.GetHeader("Content-Type"), body)
		lot = inbox.LotDeliveries
		if data == nil || !signed && !hasSignature(c.Request.Header) {
			lot, data = inbox.LotJunk, nil
		}
	}
	in.count(c, outcomeRefused)
	in.metrics.refused.WithLabelValues(r.Cause).Inc()
	why := in.redact.text(r.Detail)
	in.log.Warn("delivery refused", "request_id", id, "event_id", in.redact.text(string(r.EventID)),
		"cause", r.Cause, "why", why, "lot", string(lot))
	in.options.Inbox.Refuse(inbox.Refused{
		Lot: lot, Cause: r.Cause, Detail: why, Remote: c.RemoteIP(), Path: in.redact.address(c.Request.URL),
		Header: in.redact.header(c.Request.Header), Body: in.redact.body(c.GetHeader("Content-Type"), body), Data: data,
	})
	switch {
	case lot == inbox.LotUnparsed:
		in.raise(ctx, "unparsed", r.Cause, fmt.Sprintf("A delivery of Prodege's webhook is authentic, but can't be read (%s: %s). "+
			"It was answered 400 and Prodege does not send it again. Look at it with `fieldmarshal refused --full`, and at the project at Prodege.",
			r.Cause, why))
	case r.Cause == causeUnreadable:
		in.raiseFailed(ctx, r.Cause, "its body was cut off")
	default:
		// Each lot has its own alarms, so that junk that anyone can post does not suppress those of possible deliveries.
		in.raise(ctx, "refused", string(lot)+" "+r.Cause, fmt.Sprintf("A delivery of Prodege's webhook was refused as %s: %s. "+
			"Prodege does not send a refused delivery again. Look at it with `fieldmarshal refused`. If it is really from Prodege, "+
			"hand it on with `fieldmarshal refused admit`; if the signature is the cause, check PRODEGE_SECRET_KEY.", r.Cause, why))
	}
}

var signatureName = regexp.MustCompile(`(?i)sign|hmac`)

// hasSignature reports whether a header may contain a signature.
func hasSignature(h http.Header) bool {
	for name := range h {
		if signatureName.MatchString(name) {
			return true
		}
	}
	return false
}

// admitRefused hands on a refused delivery for which a person vouches, as if it had been accepted when it came.
func (in *Ingress) admitRefused(ctx context.Context, r inbox.Refused, by string) error {
	if !in.options.Anyone {
		allowed, known := in.options.Approvers.May(ctx, by)
		switch {
		case !known:
			return fmt.Errorf("whether %s is one of SLACK_APPROVERS is unknown right now, "+
				"because Slack does not answer: try again in a minute", by)
		case !allowed:
			return fmt.Errorf("%s is not one of SLACK_APPROVERS", by)
		}
	}
	events, unusable, err := readerAt(r.Path)(prodege.VouchedData(r.Data), r.At)
	if err != nil {
		return fmt.Errorf("it can't be read: %w", err)
	}
	if len(events) == 0 {
		return fmt.Errorf("it can't be used: %s", unusable[0].Error)
	}
	stamp(events)
	for i := range events {
		events[i].Vouched = by
	}
	outcome, err := in.persist(ctx, events)
	if err != nil {
		return fmt.Errorf("it could not be made durable: %w", err)
	}
	in.metrics.received.Add(int64(len(events) + len(unusable)))
	in.metrics.unusable.Add(float64(len(unusable)))
	in.log.Warn("a refused delivery was admitted", "number", r.ID, "by", by, "cause", r.Cause, "kept", outcome,
		"events", len(events), "unusable", len(unusable),
		"project_id", events[0].ProjectID, "event_id", events[0].ID, "delivery", events[0].Delivery)
	return nil
}

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

// refuse answers a delivery that can't be accepted, and keeps it for people to see. What looks like a delivery is kept apart
// from junk, with the data that it takes to admit it.
func (in *Ingress) refuse(c *gin.Context, status int, id prodege.EventID, refusal *prodege.Refusal, body []byte) {
	lot := inbox.LotJunk
	data, signed := prodege.SalvageData(c.GetHeader("Content-Type"), body)
	if data != nil && (signed || hasSignature(c.Request.Header)) {
		lot = inbox.LotDeliveries
	} else {
		data = nil
	}
	in.keepRefused(c, lot, id, refusal, body, data)
	fail(c, status, id, refusal.Detail)
}

// refuseSigned answers a delivery whose form is right, but whose signature matches no secret or whose data can't be parsed. The
// data is part of the body, which is not used again.
func (in *Ingress) refuseSigned(c *gin.Context, lot inbox.Lot, refusal *prodege.Refusal, envelope *prodege.Envelope, body []byte) {
	in.keepRefused(c, lot, envelope.EventID(), refusal, body, envelope.Data())
	fail(c, http.StatusBadRequest, envelope.EventID(), refusal.Detail)
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

func (in *Ingress) keepRefused(c *gin.Context, lot inbox.Lot, id prodege.EventID, refusal *prodege.Refusal, body, data []byte) {
	in.count(c, outcomeRefused)
	in.metrics.refused.WithLabelValues(refusal.Cause).Inc()
	why := in.redact.text(refusal.Detail)
	in.log.Warn("delivery refused", "request_id", c.GetString("request_id"), "event_id", in.redact.text(string(id)), "cause", refusal.Cause, "why", why, "lot", string(lot))
	in.options.Inbox.Refuse(inbox.Refused{
		Lot: lot, Cause: refusal.Cause, Detail: why, Remote: c.RemoteIP(),
		Path: in.redact.address(c.Request.URL), Header: in.redact.header(c.Request.Header), Body: in.redact.body(c.GetHeader("Content-Type"), body), Data: data,
	})
	ctx := c.Request.Context()
	if lot == inbox.LotUnparsed {
		in.raise("unparsed", refusal.Cause, ctx, func(more string) string {
			return fmt.Sprintf("A delivery of Prodege's webhook is authentic, but can't be read (%s: %s). It was answered 400 and Prodege does not send it again. "+
				"Look at it with `fieldmarshal refused --full`, and at the project at Prodege.%s", refusal.Cause, why, more)
		})
		return
	}
	if refusal.Cause == causeUnreadable {
		in.raiseFailed(ctx, refusal.Cause, "its body was cut off")
		return
	}
	// Each lot has its own alarms, so that junk that anyone can post does not suppress those of possible deliveries.
	in.raise("refused", string(lot)+" "+refusal.Cause, ctx, func(more string) string {
		return fmt.Sprintf("A delivery of Prodege's webhook was refused as %s: %s. Prodege does not send a refused delivery again. Look at it with `fieldmarshal refused`. "+
			"If it is really from Prodege, hand it on with `fieldmarshal refused admit`; if the signature is the cause, check PRODEGE_SECRET_KEY.%s", refusal.Cause, why, more)
	})
}

// admitRefused hands on a refused delivery for which a person vouches, as if it had been accepted when it came.
func (in *Ingress) admitRefused(ctx context.Context, r inbox.Refused, by string) error {
	if !in.options.Anyone {
		allowed, known := in.options.Approvers.May(ctx, by)
		switch {
		case !known:
			return fmt.Errorf("whether %s is one of SLACK_APPROVERS is unknown right now, because Slack does not answer: try again in a minute", by)
		case !allowed:
			return fmt.Errorf("%s is not one of SLACK_APPROVERS", by)
		}
	}
	read := readerAt(r.Path)
	events, unusable, err := read(prodege.VouchedData(r.Data), r.At)
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
	in.log.Warn("a refused delivery was admitted", "number", r.ID, "by", by, "cause", r.Cause, "kept", outcome, "events", len(events), "unusable", len(unusable),
		"project_id", events[0].ProjectID, "event_id", events[0].ID, "delivery", events[0].Delivery)
	return nil
}

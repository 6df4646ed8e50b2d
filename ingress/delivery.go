package ingress

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"fieldmarshal/inbox"
	"fieldmarshal/prodege"
)

const (
	// directTimeout is how long Temporal may take for a delivery that the disk refuses, whatever the number of its events.
	directTimeout = 3 * time.Second
	// maxLogLines is how many lines a delivery may write to the log; a body of 1 MiB may contain thousands of events.
	maxLogLines = 20
)

// readEvents parses a delivery; each webhook has its own.
type readEvents func(data prodege.Data, now time.Time) ([]prodege.Event, []prodege.Unusable, error)

// readerAt returns the one for the webhook at an address, which may be misspelled.
func readerAt(address string) readEvents {
	if strings.Contains(strings.ToLower(address), "pricing") {
		return prodege.Data.Pricing
	}
	return prodege.Data.Events
}

// delivery answers one of Prodege's webhooks: it checks the signature, parses the events, makes them durable, and then answers.
func (in *Ingress) delivery(read readEvents) gin.HandlerFunc {
	return func(c *gin.Context) {
		if encoding := c.GetHeader("Content-Encoding"); !decompress(c) {
			in.refuse(c, http.StatusUnsupportedMediaType, "", &prodege.Refusal{Cause: causeCompressed, Detail: "the body is encoded as " + strconv.QuoteToASCII(encoding[:min(len(encoding), 40)]) + ", and only gzip is supported"}, nil)
			return
		}
		body, fault := in.readBody(c)
		defer body.release()
		switch {
		case fault == errBusy:
			in.busy(c)
			return
		case fault != nil:
			in.refuse(c, fault.status, "", &prodege.Refusal{Cause: fault.cause, Detail: fault.text}, body.bytes)
			return
		}
		envelope, err := prodege.ReadEnvelope(c.GetHeader("Content-Type"), body.bytes)
		if refusal, is := errors.AsType[*prodege.Refusal](err); is {
			status := http.StatusBadRequest
			if refusal.Cause == prodege.WrongContentType {
				status = http.StatusUnsupportedMediaType
			}
			in.refuse(c, status, refusal.EventID, refusal, body.bytes)
			return
		}
		data, err := envelope.Verify(in.options.ProdegeSecrets)
		if refusal, is := errors.AsType[*prodege.Refusal](err); is {
			in.refuseSigned(c, inbox.LotDeliveries, refusal, envelope, body.bytes)
			return
		}
		events, unusable, err := read(data, in.now())
		if refusal, is := errors.AsType[*prodege.Refusal](err); is {
			in.refuseSigned(c, inbox.LotUnparsed, refusal, envelope, body.bytes)
			return
		}
		body.parsed()
		in.accept(c, events, unusable)
	}
}

// accept makes the usable events durable and answers. Unless all of them are, the answer is 500.
func (in *Ingress) accept(c *gin.Context, events []prodege.Event, unusable []prodege.Unusable) {
	in.raiseDated(c.Request.Context(), events)
	events, tooOld := in.splitByAge(events)
	unusable = append(unusable, tooOld...)
	for _, u := range unusable {
		in.raiseUnusable(c.Request.Context(), u)
	}
	stamp(events)
	outcome, err := in.persist(c.Request.Context(), events)
	if err != nil {
		in.log.Error("a delivery could not be made durable: neither the disk nor Temporal accepts it",
			"request_id", c.GetString("request_id"), "event_id", events[0].ID, "project_id", events[0].ProjectID, "events", len(events), "error", err)
		in.failed(c)
		in.raiseFailed(c.Request.Context(), "durable", fmt.Sprintf("neither the disk nor Temporal accepts it (project %s, event %.100q)", events[0].ProjectID, events[0].ID))
		return
	}
	in.metrics.received.Add(int64(len(events) + len(unusable)))
	in.logAccepted(c, outcome, events, unusable)
	if len(unusable) > 0 {
		in.metrics.unusable.Add(float64(len(unusable)))
		in.count(c, outcomeUnusable)
		fail(c, http.StatusOK, unusable[0].EventID, unusable[0].Error)
		return
	}
	in.count(c, outcome)
	c.Data(http.StatusOK, contentType, succeeded)
}

// succeeded is the answer to nearly all deliveries.
var succeeded = []byte(`{"success":true}`)

const contentType = "application/json; charset=utf-8"

// stamp sets the delivery's id on its events, so that an event that is handed over twice counts once.
func stamp(events []prodege.Event) {
	delivery := rand.Text()
	for i := range events {
		events[i].Delivery = delivery + "-" + strconv.Itoa(i)
	}
}

// splitByAge separates the events that are older than PRODEGE_MAX_EVENT_AGE.
func (in *Ingress) splitByAge(events []prodege.Event) (young []prodege.Event, old []prodege.Unusable) {
	limit := in.options.MaxEventAge
	if limit == 0 {
		return events, nil
	}
	for _, e := range events {
		if age := in.now().Sub(e.Time); age > limit {
			old = append(old, prodege.Unusable{EventID: e.ID, Project: e.ProjectID, Error: fmt.Sprintf("the event is older than %s", limit), Cause: "age"})
			continue
		}
		young = append(young, e)
	}
	return young, old
}

// persist makes events durable: on disk, or in Temporal if the disk refuses. It continues even if the sender disconnects.
func (in *Ingress) persist(ctx context.Context, events []prodege.Event) (outcome string, err error) {
	if len(events) == 0 {
		return outcomeAccepted, nil
	}
	ctx = context.WithoutCancel(ctx)
	refusal := in.options.Inbox.Append(ctx, events) // takes at most a second
	if refusal == nil {
		return outcomeAccepted, nil
	}
	in.log.Warn("the inbox does not accept a delivery, which goes to Temporal directly", "event_id", events[0].ID, "events", len(events), "error", refusal)
	direct, cancelDirect := context.WithTimeout(ctx, directTimeout)
	defer cancelDirect()
	if err := in.direct.deliver(direct, events); err != nil {
		return "", errors.Join(refusal, err)
	}
	return outcomeDirect, nil
}

func (in *Ingress) logAccepted(c *gin.Context, outcome string, events []prodege.Event, unusable []prodege.Unusable) {
	id := c.GetString("request_id")
	for i, e := range events {
		if i == maxLogLines {
			in.log.Info("further events of the same delivery", "request_id", id, "events", len(events)-i)
			break
		}
		in.log.LogAttrs(c.Request.Context(), slog.LevelInfo, "event received", slog.String("request_id", id), slog.Int64("project_id", int64(e.ProjectID)),
			slog.String("event_id", string(e.ID)), slog.String("status", string(e.Status)), slog.Int("update_reason", int(e.Reason)),
			slog.String("delivery", e.Delivery), slog.String("kept", outcome))
	}
	for i, u := range unusable {
		if i == maxLogLines {
			in.log.Warn("further unusable events of the same delivery", "request_id", id, "events", len(unusable)-i)
			break
		}
		in.log.Warn("event unusable", "request_id", id, "event_id", u.EventID, "project_id", u.Project, "why", u.Error)
	}
}

// failed answers with 500, after which Prodege repeats the delivery.
func (in *Ingress) failed(c *gin.Context) {
	in.count(c, outcomeFailed)
	fail(c, http.StatusInternalServerError, "", "the delivery could not be kept: please send it again")
}

// busy answers with 500 to a request that got no turn.
func (in *Ingress) busy(c *gin.Context) {
	in.log.Warn("a delivery got no turn: too many requests are in progress", "request_id", c.GetString("request_id"), "bytes", c.Request.ContentLength)
	in.count(c, outcomeFailed)
	fail(c, errBusy.status, "", errBusy.text)
	in.raiseFailed(c.Request.Context(), "busy", "too many requests were in progress")
}

func (in *Ingress) count(c *gin.Context, outcome string) {
	webhook := path.Base(c.FullPath())
	if c.FullPath() == "" {
		webhook = "none" // sent to an unknown address
	}
	in.metrics.deliveries.WithLabelValues(webhook, outcome).Inc()
}

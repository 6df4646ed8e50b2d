package ingress

import (
	"cmp"
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
		body, fault := in.readBody(c)
		defer body.release()
		if fault != nil {
			in.refuse(c, fault, body.bytes)
			return
		}
		events, unusable, fault := in.parse(c.GetHeader("Content-Type"), body.bytes, read)
		if fault != nil {
			in.refuse(c, fault, body.bytes)
			return
		}
		body.parsed()
		in.accept(c, events, unusable)
	}
}

// parse parses a delivery, after checking its signature.
func (in *Ingress) parse(contentType string, body []byte, read readEvents) (
	events []prodege.Event, unusable []prodege.Unusable, fault *refusal,
) {
	envelope, err := prodege.ReadEnvelope(contentType, body)
	if refused, is := errors.AsType[*prodege.Refusal](err); is {
		status := http.StatusBadRequest
		if refused.Cause == prodege.WrongContentType {
			status = http.StatusUnsupportedMediaType
		}
		return nil, nil, &refusal{Refusal: *refused, status: status}
	}
	lot := inbox.LotDeliveries
	data, err := envelope.Verify(in.options.ProdegeSecrets)
	if err == nil {
		lot = inbox.LotUnparsed
		events, unusable, err = read(data, in.now())
	}
	if refused, is := errors.AsType[*prodege.Refusal](err); is {
		fault = &refusal{Refusal: *refused, status: http.StatusBadRequest, lot: lot, data: envelope.Data()}
		fault.EventID = envelope.EventID()
	}
	return events, unusable, fault
}

// accept makes the usable events durable and answers. Unless all of them are, the answer is 500.
func (in *Ingress) accept(c *gin.Context, events []prodege.Event, unusable []prodege.Unusable) {
	ctx := c.Request.Context()
	in.raiseDated(ctx, events)
	events, tooOld := in.splitByAge(events)
	unusable = append(unusable, tooOld...)
	for _, u := range unusable {
		in.raiseUnusable(ctx, u)
	}
	stamp(events)
	outcome, err := in.persist(ctx, events)
	if err != nil {
		in.log.Error("a delivery could not be made durable: neither the disk nor Temporal accepts it", "request_id", requestID(c),
			"event_id", events[0].ID, "project_id", events[0].ProjectID, "events", len(events), "error", err)
		in.count(c, outcomeFailed)
		fail(c, http.StatusInternalServerError, "", "the delivery could not be kept: please send it again")
		in.raiseFailed(ctx, "durable", fmt.Sprintf("neither the disk nor Temporal accepts it (project %s, event %.100q)",
			events[0].ProjectID, events[0].ID))
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
	c.Data(http.StatusOK, "application/json; charset=utf-8", succeeded)
}

// succeeded is the answer to nearly all deliveries.
var succeeded = []byte(`{"success":true}`)

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
		if in.now().Sub(e.Time) <= limit {
			young = append(young, e)
			continue
		}
		old = append(old, prodege.Unusable{EventID: e.ID, Project: e.ProjectID, Cause: "age",
			Error: fmt.Sprintf("the event is older than %s", limit)})
	}
	return young, old
}

// persist makes events durable: on disk, or in Temporal if the disk refuses. It continues even if the sender disconnects.
func (in *Ingress) persist(ctx context.Context, events []prodege.Event) (outcome string, err error) {
	ctx = context.WithoutCancel(ctx)
	disk := in.options.Inbox.Append(ctx, events) // takes at most a second
	if disk == nil {
		return outcomeAccepted, nil
	}
	in.log.Warn("the inbox does not accept a delivery, which goes to Temporal directly",
		"event_id", events[0].ID, "events", len(events), "error", disk)
	ctx, cancel := context.WithTimeout(ctx, directTimeout)
	defer cancel()
	if err := in.direct.deliver(ctx, events); err != nil {
		return "", errors.Join(disk, err)
	}
	return outcomeDirect, nil
}

func (in *Ingress) logAccepted(c *gin.Context, outcome string, events []prodege.Event, unusable []prodege.Unusable) {
	id := requestID(c)
	for _, e := range events[:min(len(events), maxLogLines)] {
		in.log.LogAttrs(c.Request.Context(), slog.LevelInfo, "event received",
			slog.String("request_id", id), slog.Int64("project_id", int64(e.ProjectID)), slog.String("event_id", string(e.ID)),
			slog.String("status", string(e.Status)), slog.Int("update_reason", int(e.Reason)),
			slog.String("delivery", e.Delivery), slog.String("kept", outcome))
	}
	for _, u := range unusable[:min(len(unusable), maxLogLines)] {
		in.log.Warn("event unusable", "request_id", id, "event_id", u.EventID, "project_id", u.Project, "why", u.Error)
	}
	if more := max(0, len(events)-maxLogLines) + max(0, len(unusable)-maxLogLines); more > 0 {
		in.log.Info("further events of the same delivery are not logged", "request_id", id, "events", more)
	}
}

// count counts a delivery. One to an unknown address is of no webhook.
func (in *Ingress) count(c *gin.Context, outcome string) {
	in.metrics.deliveries.WithLabelValues(path.Base(cmp.Or(c.FullPath(), "none")), outcome).Inc()
}

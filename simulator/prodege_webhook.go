package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"fieldmarshal/prodege"
)

// Exchange is one delivery of a webhook with every try of it.
type Exchange struct {
	ID          int
	URL         string
	Event       prodege.Event // what could be read of it, if raw bytes were delivered
	Encoding    prodege.Encoding
	ContentType string
	Body        []byte
	Attempts    []Attempt
	Done        bool // no further try follows
}

// Attempt is one try of a delivery.
type Attempt struct {
	At     time.Time
	Status int    // 0: no answer
	Body   string // at most 4 KiB of it
	Error  string // if no answer came
}

// Status is the last try's HTTP status; 0 if none was answered or nothing was sent.
func (e Exchange) Status() int {
	if len(e.Attempts) == 0 {
		return 0
	}
	return e.Attempts[len(e.Attempts)-1].Status
}

const maxExchanges = 1000 // kept of them; cmd/dev runs for days

// deliver signs and sends an event, with Prodege's retries. It returns when no further try follows. An error
// means that ctx ended; an answer that the sender does not like is none.
func (p *Prodege) deliver(ctx context.Context, to string, how How, event prodege.Event) (Exchange, error) {
	encoding := prodege.Encoding(or(string(how.Encoding), string(p.opts.Encoding)))
	secret := p.opts.SecretKey
	if how.Secret != "" {
		secret = how.Secret
	}
	contentType, body := prodege.EncodeEvents([]prodege.Event{event}, secret, encoding)
	sent := Exchange{URL: to, Event: event, Encoding: encoding, ContentType: contentType, Body: body}
	if how.Quiet || to == "" {
		sent.Done = true
		return sent, nil
	}
	out, err := p.Resend(ctx, sent)
	for n := 1; n < how.Copies && err == nil; n++ {
		out, err = p.Resend(ctx, sent)
	}
	return out, err
}

// Deliver signs data, the JSON text of an event or an array, as it is, and sends it to the status webhook.
// Projects that are known, and were told nothing newer, then stand at Prodege as data says.
func (p *Prodege) Deliver(ctx context.Context, data []byte, how ...How) (Exchange, error) {
	h := one(how)
	encoding := prodege.Encoding(or(string(h.Encoding), string(p.opts.Encoding)))
	secret := p.opts.SecretKey
	if h.Secret != "" {
		secret = h.Secret
	}
	contentType, body := prodege.EncodeDelivery(data, secret, encoding)
	sent := Exchange{URL: p.webhookURL(), Encoding: encoding, ContentType: contentType, Body: body}
	if secret == p.opts.SecretKey {
		sent.Event = p.believe(data)
	}
	return p.Resend(ctx, sent)
}

// believe brings the projects to what data says of them, and gives the first event in it. What can't be read
// is passed over: data may be wrong on purpose.
func (p *Prodege) believe(data []byte) (first prodege.Event) {
	text := strings.TrimSpace(string(data))
	if !strings.HasPrefix(text, "[") {
		text = "[" + text + "]"
	}
	var items []struct {
		ID          prodege.EventID   `json:"event_id"`
		Time        string            `json:"event_time"`
		Project     prodege.ProjectID `json:"project_id"`
		Status      prodege.Status    `json:"status"`
		Reason      prodege.Reason    `json:"update_reason"`
		Description string            `json:"description"`
		Required    *prodege.USD      `json:"required_cpi"`
	}
	if json.Unmarshal([]byte(text), &items) != nil {
		return first
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, item := range items {
		at, err := prodege.ParseTime(item.Time, item.ID)
		event := prodege.Event{ID: item.ID, Time: at, ProjectID: item.Project, Status: item.Status, Reason: item.Reason, Description: item.Description, RequiredCPI: item.Required}
		if i == 0 {
			first = event
		}
		if project := p.projects[item.Project]; err == nil && project != nil && item.Status != "" && !at.Before(project.told) {
			project.stand(event)
		}
	}
	return first
}

// Resend sends the bytes of an exchange again, as an exchange of its own. With a Body made by hand it sends
// whatever that is.
func (p *Prodege) Resend(ctx context.Context, sent Exchange) (Exchange, error) {
	sent.Attempts, sent.Done = nil, false
	e := &sent
	p.mu.Lock()
	p.serial++
	e.ID = p.serial
	if len(p.exchanges) >= maxExchanges {
		p.exchanges = append(p.exchanges[:0], p.exchanges[maxExchanges/2:]...)
	}
	p.exchanges = append(p.exchanges, e)
	p.mu.Unlock()
	err := p.try(ctx, e)
	p.mu.Lock()
	defer p.mu.Unlock()
	e.Done = true
	if project := p.projects[e.Event.ProjectID]; project != nil && e.Status() == http.StatusOK {
		project.Heard = true
	}
	p.tell()
	return e.copy(), err
}

// try sends until the answer is final: anything but 500, or the retries are used up. That no answer at all is
// tried again like a 500 is not documented.
func (p *Prodege) try(ctx context.Context, e *Exchange) error {
	for n := 0; ; n++ {
		a := p.attempt(ctx, e)
		p.mu.Lock()
		e.Attempts = append(e.Attempts, a)
		p.mu.Unlock()
		p.tell()
		if ctx.Err() != nil {
			return fmt.Errorf("deliver event %s: %w", e.Event.ID, ctx.Err())
		}
		if a.Status != 0 && a.Status != http.StatusInternalServerError || n >= len(p.opts.WebhookRetryAfter) {
			return nil
		}
		if err := pause(ctx, p.opts.WebhookRetryAfter[n]); err != nil {
			return fmt.Errorf("deliver event %s: %w", e.Event.ID, err)
		}
	}
}

func (p *Prodege) attempt(ctx context.Context, e *Exchange) Attempt {
	a := Attempt{At: p.opts.Now()}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(e.Body))
	if err != nil {
		a.Error = err.Error()
		return a
	}
	req.Header.Set("Content-Type", e.ContentType)
	resp, err := p.client.Do(req)
	if err != nil {
		a.Error = err.Error()
		return a
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	a.Status, a.Body = resp.StatusCode, string(body)
	return a
}

func (e *Exchange) copy() Exchange {
	out := *e
	out.Attempts = slices.Clone(e.Attempts)
	return out
}

// Exchanges lists the deliveries, oldest first. Of very many only the newest hundreds are kept.
func (p *Prodege) Exchanges() []Exchange {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Exchange, 0, len(p.exchanges))
	for _, e := range p.exchanges {
		out = append(out, e.copy())
	}
	return out
}

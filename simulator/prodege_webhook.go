package simulator

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
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

// deliver signs and sends an event, with Prodege's retries. It returns when no further try follows. An error
// means that ctx ended; an answer that the sender does not like is none.
func (p *Prodege) deliver(ctx context.Context, to string, how How, event prodege.Event) (Exchange, error) {
	sent := p.encode(event.WireJSON(), to, how)
	sent.Event = event
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

func (p *Prodege) encode(data []byte, to string, how How) Exchange {
	e := Exchange{URL: to, Encoding: cmp.Or(how.Encoding, prodege.JSON)}
	e.ContentType, e.Body = prodege.EncodeDelivery(data, cmp.Or(how.Secret, p.opts.SecretKey), e.Encoding)
	return e
}

// Deliver signs data, the JSON text of an event or an array, as it is, and sends it to the status webhook. It changes no
// project: data may be wrong on purpose.
func (p *Prodege) Deliver(ctx context.Context, data []byte, how ...How) (Exchange, error) {
	to, _ := p.hooks()
	return p.Resend(ctx, p.encode(data, to, one(how)))
}

// Resend sends the bytes of an exchange again, as an exchange of its own. With a Body made by hand it sends
// whatever that is.
func (p *Prodege) Resend(ctx context.Context, sent Exchange) (Exchange, error) {
	sent.Attempts, sent.Done = nil, false
	e := &sent
	unlock := p.lock()
	p.serial++
	e.ID = p.serial
	p.exchanges = keep(p.exchanges, e)
	unlock()
	err := p.try(ctx, e)
	defer p.changing()()
	e.Done = true
	if project := p.project(e.Event.ProjectID); project != nil && e.Status() == http.StatusOK {
		project.Heard = true
	}
	return *e, err
}

// try sends until the answer is final: anything but 500, or the retries are used up. That no answer at all is
// tried again like a 500 is not documented.
func (p *Prodege) try(ctx context.Context, e *Exchange) error {
	for n := 0; ; n++ {
		a := p.attempt(ctx, e)
		done := p.changing()
		e.Attempts = append(e.Attempts, a)
		done()
		final := a.Status != 0 && a.Status != http.StatusInternalServerError
		if final || n >= len(p.opts.WebhookRetryAfter) || pause(ctx, p.opts.WebhookRetryAfter[n]) != nil {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("deliver event %s: %w", e.Event.ID, err)
			}
			return nil
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

// later announces how a project stands after a while, unless the stand-in is closed before.
func (p *Prodege) later(event prodege.Event) {
	p.sending.Go(func() {
		if pause(p.closing, p.opts.AnnounceAfter) == nil {
			to, _ := p.hooks()
			_, _ = p.deliver(p.closing, to, How{}, event) // what came of it stands in the exchanges
		}
	})
}

// Exchanges lists the deliveries, oldest first.
func (p *Prodege) Exchanges() []Exchange {
	defer p.lock()()
	out := make([]Exchange, 0, len(p.exchanges))
	for _, e := range p.exchanges {
		out = append(out, *e)
	}
	return out
}

package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
)

// Control reaches the inbox of an ingress that runs on this machine, for the operator's commands.
type Control struct {
	dir  string
	http *http.Client
}

// NewControl reaches the inbox of dir. Nothing is opened before the first call.
func NewControl(dir string) *Control {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		address, release := socketAddress(filepath.Join(dir, socketName))
		defer release()
		return new(net.Dialer).DialContext(ctx, "unix", address)
	}
	return &Control{dir: dir, http: &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
}

// List says how the inbox stands, with the oldest thousand events that wait.
func (c *Control) List(ctx context.Context) (Listing, error) {
	return ask[Listing](ctx, c, http.MethodGet, "/inbox")
}

// Drain is Inbox.Drain. Where ctx ends first, the inbox takes events again.
func (c *Control) Drain(ctx context.Context) (Stats, error) {
	return ask[Stats](ctx, c, http.MethodPost, "/drain")
}

// DeadLetters lists the dead letters, oldest first.
func (c *Control) DeadLetters(ctx context.Context) ([]DeadLetter, error) {
	return ask[[]DeadLetter](ctx, c, http.MethodGet, "/deadletters")
}

// DeadLetter gives one, or ErrNoLetter.
func (c *Control) DeadLetter(ctx context.Context, id uint64) (DeadLetter, error) {
	return ask[DeadLetter](ctx, c, http.MethodGet, "/deadletters/"+strconv.FormatUint(id, 10))
}

// Retry puts a dead letter back among what waits, or answers ErrNoLetter.
func (c *Control) Retry(ctx context.Context, id uint64) error {
	_, err := ask[Stats](ctx, c, http.MethodPost, "/deadletters/"+strconv.FormatUint(id, 10)+"/retry")
	return err
}

// Drop forgets a dead letter for good, or answers ErrNoLetter.
func (c *Control) Drop(ctx context.Context, id uint64) error {
	_, err := ask[Stats](ctx, c, http.MethodDelete, "/deadletters/"+strconv.FormatUint(id, 10))
	return err
}

// Refused lists the deliveries that were refused, and counts as a look at them.
func (c *Control) Refused(ctx context.Context) (RefusedList, error) {
	return ask[RefusedList](ctx, c, http.MethodGet, "/refused")
}

// Admit has the ingress hand on a refused delivery for which by vouches, or answers ErrNoRefused.
func (c *Control) Admit(ctx context.Context, id uint64, by string) error {
	_, err := ask[Stats](ctx, c, http.MethodPost, "/refused/"+strconv.FormatUint(id, 10)+"/admit?by="+url.QueryEscape(by))
	if errors.Is(err, ErrNoLetter) {
		return ErrNoRefused
	}
	return err
}

func ask[T any](ctx context.Context, c *Control, method, path string) (T, error) {
	var result T
	request, err := http.NewRequestWithContext(ctx, method, "http://inbox"+path, nil)
	if err != nil {
		return result, err
	}
	answer, err := c.http.Do(request)
	if ctx.Err() != nil {
		return result, ctx.Err()
	}
	if err != nil {
		return result, fmt.Errorf("no ingress answers at %s: is it running, with this INBOX_DIR?", filepath.Join(c.dir, socketName))
	}
	defer answer.Body.Close()
	body := json.NewDecoder(answer.Body)
	switch answer.StatusCode {
	case http.StatusOK:
		return result, body.Decode(&result)
	case http.StatusNotFound:
		return result, ErrNoLetter
	}
	var f fault
	if err := body.Decode(&f); err != nil || f.Error == "" {
		return result, fmt.Errorf("the ingress answered %s", answer.Status)
	}
	return result, errors.New(f.Error)
}

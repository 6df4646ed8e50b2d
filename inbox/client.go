package inbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
)

// Control gives the operator's commands access to the inbox of an ingress on the same machine. It is safe for concurrent
// use.
type Control struct {
	dir  string
	http *http.Client
}

// NewControl returns a Control for the inbox in dir. It opens nothing before the first call.
func NewControl(dir string) *Control {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		address, release := socketAddress(filepath.Join(dir, socketName))
		defer release()
		return new(net.Dialer).DialContext(ctx, "unix", address)
	}
	return &Control{dir: dir, http: &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
}

// List returns the state of the inbox, with the oldest thousand events that wait.
func (c *Control) List(ctx context.Context) (Listing, error) {
	return ask[Listing](ctx, c, "list", order{})
}

// Drain is Inbox.Drain. If ctx ends first, the inbox goes on taking events.
func (c *Control) Drain(ctx context.Context) (Stats, error) {
	return ask[Stats](ctx, c, "drain", order{})
}

// DeadLetters lists the dead letters, oldest first.
func (c *Control) DeadLetters(ctx context.Context) ([]DeadLetter, error) {
	return ask[[]DeadLetter](ctx, c, "deadletters", order{})
}

// DeadLetter returns the dead letter of that number, or ErrNone.
func (c *Control) DeadLetter(ctx context.Context, id uint64) (DeadLetter, error) {
	letters, err := c.DeadLetters(ctx)
	if err != nil {
		return DeadLetter{}, err
	}
	if i := slices.IndexFunc(letters, func(l DeadLetter) bool { return l.ID == id }); i >= 0 {
		return letters[i], nil
	}
	return DeadLetter{}, ErrNone
}

// Retry is Inbox.Retry.
func (c *Control) Retry(ctx context.Context, id uint64) error {
	_, err := ask[any](ctx, c, "retry", order{ID: id})
	return err
}

// Drop is Inbox.Drop.
func (c *Control) Drop(ctx context.Context, id uint64) error {
	_, err := ask[any](ctx, c, "drop", order{ID: id})
	return err
}

// Refused lists the refused deliveries, and records that somebody has looked at them.
func (c *Control) Refused(ctx context.Context) (RefusedList, error) {
	return ask[RefusedList](ctx, c, "refused", order{})
}

// Admit is Inbox.Admit.
func (c *Control) Admit(ctx context.Context, id uint64, by string) error {
	_, err := ask[any](ctx, c, "admit", order{ID: id, By: by})
	return err
}

func ask[T any](ctx context.Context, c *Control, name string, o order) (T, error) {
	var answer reply[T]
	body, err := json.Marshal(o)
	if err != nil {
		return answer.Result, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://inbox/"+name, bytes.NewReader(body))
	if err != nil {
		return answer.Result, err
	}
	response, err := c.http.Do(request)
	if ctx.Err() != nil {
		return answer.Result, ctx.Err()
	}
	if err != nil {
		return answer.Result, fmt.Errorf("no ingress answers at %s: is it running, with this INBOX_DIR?", filepath.Join(c.dir, socketName))
	}
	defer response.Body.Close()
	err = json.NewDecoder(response.Body).Decode(&answer)
	switch {
	case err != nil:
		err = fmt.Errorf("the ingress answered %s: %w", response.Status, err)
	case answer.None:
		err = ErrNone
	case answer.Error != "":
		err = errors.New(answer.Error)
	}
	return answer.Result, err
}

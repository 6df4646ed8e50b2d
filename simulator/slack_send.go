package simulator

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Sent is a request that the workspace sent to the app, kept so that it can be sent again byte for byte.
type Sent struct {
	URL    string
	Header http.Header
	Body   []byte
}

// Reply is what the app answered. A person in Slack sees it only through what the answer means: anything but
// 2xx within SlackOptions.Patience is shown as "the app did not respond".
type Reply struct {
	Status   int
	Body     string
	Took     time.Duration
	TimedOut bool // no answer within Patience; Status is 0 then
	Sent     Sent // what was sent

	Patience time.Duration // how long the workspace waits, see SlackOptions
}

// OK reports whether Slack takes the answer for one.
func (r Reply) OK() bool { return r.Status >= 200 && r.Status < 300 }

// tamper says how a request is spoiled on purpose.
type tamper struct {
	badSignature bool
	age          time.Duration // how long ago it says it was signed
}

// sign gives the v0 signature over a timestamp and a body (docs.slack.dev, verifying requests from Slack).
func sign(secret string, at time.Time, body []byte) (timestamp, signature string) {
	timestamp = strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + timestamp + ":"))
	mac.Write(body)
	return timestamp, "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// send signs and posts a body to the app.
func (s *Slack) send(ctx context.Context, to, contentType string, body []byte, t tamper) (Reply, error) {
	if to == "" {
		return Reply{}, errors.New("the simulated workspace has no address of the app: set InteractionsURL, CommandsURL or EventsURL")
	}
	s.mu.Lock()
	secret := s.opts.SigningSecret
	s.mu.Unlock()
	if t.badSignature {
		secret += "-wrong"
	}
	timestamp, signature := sign(secret, s.now().Add(-t.age), body)
	return s.Replay(ctx, Sent{URL: to, Body: body, Header: http.Header{
		"Content-Type":              {contentType},
		"User-Agent":                {"Slackbot 1.0 (+https://api.slack.com/robots)"},
		"X-Slack-Request-Timestamp": {timestamp},
		"X-Slack-Signature":         {signature},
	}})
}

// Replay sends a request again exactly as it was, as somebody who recorded it would.
func (s *Slack) Replay(ctx context.Context, sent Sent) (Reply, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, sent.URL, bytes.NewReader(sent.Body))
	if err != nil {
		return Reply{Sent: sent}, err
	}
	req.Header = sent.Header.Clone()
	start := time.Now()
	resp, err := s.client.Do(req)
	reply := Reply{Took: time.Since(start), Sent: sent, Patience: s.client.Timeout}
	if err != nil {
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() && ctx.Err() == nil {
			reply.TimedOut = true
			s.complainNow("no answer from %s within %s", sent.URL, reply.Patience)
			return reply, nil
		}
		return reply, fmt.Errorf("send to the app: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	reply.Status, reply.Body, reply.Took = resp.StatusCode, string(body), time.Since(start)
	return reply, err
}

func (s *Slack) complainNow(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.complain(format, args...)
}

// sendPayload sends an interaction: a form with one field that holds JSON.
func (s *Slack) sendPayload(ctx context.Context, to string, payload map[string]any, t tamper) (Reply, error) {
	b, err := json.Marshal(payload)
	if err != nil {
		return Reply{}, err
	}
	form := url.Values{"payload": {string(b)}}.Encode()
	return s.send(ctx, to, "application/x-www-form-urlencoded", []byte(form), t)
}

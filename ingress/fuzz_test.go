package ingress

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/slack-go/slack"

	"fieldmarshal/cards"
	"fieldmarshal/inbox"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// sign signs a body as Slack does (docs.slack.dev, verifying requests from Slack).
func sign(secret prodege.Secret, at time.Time, body []byte) http.Header {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write([]byte("v0:" + timestamp + ":"))
	mac.Write(body)
	h := http.Header{}
	h.Set("X-Slack-Request-Timestamp", timestamp)
	h.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return h
}

// interact sends a signed payload, and returns status and body.
func (w *world) interact(payload string) (int, string) {
	w.t.Helper()
	body := url.Values{"payload": {payload}}.Encode()
	request, _ := http.NewRequest("POST", w.url+"/slack/interactions", strings.NewReader(body))
	request.Header = sign(slackSecret, time.Now(), []byte(body))
	return w.serve(request)
}

// serve answers a request without a network.
func (w *world) serve(request *http.Request) (int, string) {
	recorder := httptest.NewRecorder()
	w.in.handler.ServeHTTP(recorder, request)
	return recorder.Code, strings.TrimSpace(recorder.Body.String())
}

// nowhere fails every call at once.
type nowhere struct{}

func (nowhere) Do(*http.Request) (*http.Response, error) { return nil, errors.New("nowhere") }

// fuzzWorld is an ingress with nothing behind it: no call leaves the process.
func fuzzWorld(f *testing.F) *world {
	box, err := inbox.Open(inbox.Options{Dir: f.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	w := &world{box: box, temporal: &temporal{}}
	w.in, err = New(Options{Logger: slog.New(slog.DiscardHandler), Inbox: box, Workflows: w.temporal, Approvers: &approvers{}, Registry: prometheus.NewRegistry(),
		ProdegeSecrets: []prodege.Secret{prodegeSecret}, SigningSecrets: []prodege.Secret{slackSecret},
		Slack: slack.New("x", slack.OptionAPIURL("http://slack.invalid/api/"), slack.OptionHTTPClient(nowhere{})), Team: func(context.Context) (string, error) { return "T1", nil }})
	if err != nil {
		f.Fatal(err)
	}
	return w
}

// TestSlacksOwnExample is the vector that Slack publishes.
func TestSlacksOwnExample(t *testing.T) {
	const body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	h := http.Header{}
	h.Set("X-Slack-Request-Timestamp", "1531420618")
	h.Set("X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503")
	now := time.Unix(1531420618, 0)
	secrets := []prodege.Secret{"other", "8f742231b10e8888abcd99yyyzzz85a5"}
	for what, c := range map[string]struct {
		body string
		now  time.Time
		want bool
	}{
		"as published":         {body, now, true},
		"five minutes later":   {body, now.Add(5 * time.Minute), true},
		"five minutes earlier": {body, now.Add(-5 * time.Minute), true},
		"too late":             {body, now.Add(5*time.Minute + time.Second), false},
		"too early":            {body, now.Add(-5*time.Minute - time.Second), false},
		"another body":         {body + "&x=1", now, false},
	} {
		if got := signedBySlack(secrets, h, []byte(c.body), c.now); got != c.want {
			t.Errorf("%s: %v", what, got)
		}
	}
	if signedBySlack(secrets[:1], h, []byte(body), now) || signedBySlack(nil, h, []byte(body), now) {
		t.Error("signed with no known secret")
	}
}

// FuzzSlackSignature: only the right headers pass.
func FuzzSlackSignature(f *testing.F) {
	now := time.Unix(1531420618, 0)
	right := sign(slackSecret, now, []byte("body"))
	f.Add(right.Get("X-Slack-Request-Timestamp"), right.Get("X-Slack-Signature"), []byte("body"))
	f.Add("1531420618", "v0=", []byte("body"))
	f.Add("+1531420618", right.Get("X-Slack-Signature"), []byte("body"))
	f.Add("-9223372036854775808", "v0=00", []byte{})
	f.Fuzz(func(t *testing.T, timestamp, signature string, body []byte) {
		h := http.Header{"X-Slack-Request-Timestamp": {timestamp}, "X-Slack-Signature": {signature}}
		got := signedBySlack([]prodege.Secret{slackSecret}, h, body, now)
		seconds, err := strconv.ParseInt(timestamp, 10, 64)
		want := err == nil && timestamp == strconv.FormatInt(seconds, 10) && seconds >= now.Unix()-300 && seconds <= now.Unix()+300 &&
			strings.EqualFold(signature, sign(slackSecret, time.Unix(seconds, 0), body).Get("X-Slack-Signature")) && strings.HasPrefix(signature, "v0=")
		if got != want {
			t.Errorf("%v for %q %q %q", got, timestamp, signature, body)
		}
	})
}

// FuzzSlackPayload: any payload that Slack signed is answered, and only known buttons reach a project.
func FuzzSlackPayload(f *testing.F) {
	value := func(b cards.Button) string {
		v, err := b.Encode()
		if err != nil {
			f.Fatal(err)
		}
		return v
	}
	amount := prodege.MustUSD("4.25")
	ofRequest := value(cards.Button{Project: theProject, Request: pauseID, Generation: 2, Amount: &amount})
	ofAction := value(cards.Button{Project: theProject, Request: pauseID, Generation: 2, Reason: prodege.SampleSize, Figures: project.Figures{Completes: 212, Wanted: 250}})
	for _, payload := range []string{
		`{"type":"block_actions","user":{"id":"U0ANN","team_id":"T1"},"team":{"id":"T1"},"channel":{"id":"C1"},"container":{"message_ts":"1.2"},"actions":[{"type":"button","action_id":"cpi_approve","block_id":"b","value":"` + ofRequest + `","action_ts":"3.4"}]}`,
		`{"type":"block_actions","user":{"id":"U0ANN","team_id":"T1"},"team":null,"enterprise":{"id":"E1"},"view":{"type":"home"},"actions":[{"type":"button","action_id":"cpi_approve","block_id":"b","value":"` + ofRequest + `","action_ts":"3.4"}]}`,
		`{"type":"block_actions","user":{"id":"U0ANN"},"team":{"id":"T1"},"trigger_id":"1","actions":[{"type":"button","action_id":"cpi_reject","block_id":"b","value":"` + ofRequest + `"}],"message":{"blocks":[{"type":"section"},{"type":"rich_text","elements":[{"type":"x"}]}]}}`,
		`{"type":"view_submission","user":{"id":"U0ANN"},"team":{"id":"T1"},"view":{"id":"V1","callback_id":"cpi_reject_modal","private_metadata":"m1|C1|1.2|` + ofRequest + `","state":{"values":{"reason":{"value":{"type":"plain_text_input","value":"no"}}}}}}`,
		`{"type":"block_actions","user":{"id":"U0ANN"},"team":{"id":"T1"},"trigger_id":"1","actions":[{"type":"button","action_id":"act_sample","block_id":"b","value":"` + ofAction + `"}]}`,
		`{"type":"view_submission","user":{"id":"U0ANN"},"team":{"id":"T1"},"view":{"id":"V1","callback_id":"act_modal","private_metadata":"m2|act_sample|C1|1.2|` + ofAction + `","state":{"values":{"number":{"value":{"type":"plain_text_input","value":"500"}}}}}}`,
		`{"type":"block_actions","actions":[null,{"type":"button","value":{}}]}`,
	} {
		f.Add(payload)
	}
	w := fuzzWorld(f)
	f.Fuzz(func(t *testing.T, payload string) {
		body := url.Values{"payload": {payload}}.Encode()
		request, _ := http.NewRequest("POST", "/slack/interactions", strings.NewReader(body))
		request.Header = sign(slackSecret, time.Now(), []byte(body))
		if status, text := w.serve(request); status != 200 && status != 400 && status != 413 {
			t.Fatalf("%d %s", status, text)
		}
		w.in.Wait()
		w.temporal.mu.Lock()
		defer w.temporal.mu.Unlock()
		for i, d := range w.temporal.decisions {
			if w.temporal.toward[i] <= 0 || d.User == "" || d.ID == "" || d.Of == "" {
				t.Fatalf("handed over: %+v to %d", d, w.temporal.toward[i])
			}
		}
		w.temporal.decisions, w.temporal.toward = nil, nil
	})
}

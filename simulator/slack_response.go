package simulator

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// A response_url may be used five times within thirty minutes (docs.slack.dev, handling user interaction).
const (
	responseUses = 5
	responseLife = 30 * time.Minute
)

// responseURL is the right to answer one interaction without a token.
type responseURL struct {
	channel string
	user    string
	message *message // the message that was clicked; nil for a slash command
	at      time.Time
	uses    int
}

func (s *Slack) newResponseURL(channel, user string, m *message) string {
	token := s.id("R") + "x" + s.id("")
	for old, r := range s.responses {
		if s.now().Sub(r.at) > 2*responseLife {
			delete(s.responses, old)
		}
	}
	s.responses[token] = &responseURL{channel: channel, user: user, message: m, at: s.now()}
	return s.baseURL + "/response/" + token
}

// serveResponseURL takes what an app answers to an interaction.
func (s *Slack) serveResponseURL(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	var object map[string]any
	if err != nil || json.Unmarshal(body, &object) != nil {
		s.record("response", nil, "invalid_payload")
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	token := r.PathValue("token")
	s.mu.Lock()
	use := s.responses[token]
	s.mu.Unlock()
	channel := ""
	if use != nil {
		channel = use.channel
	}
	defer s.tell()
	fault := s.take(call{method: "response", channel: channel})
	if fault.before(w) {
		s.record("response", args(object), fmt.Sprintf("http %d", fault.status()))
		return
	}
	status, text := s.respond(use, args(object), fault)
	s.record("response", args(object), map[bool]string{true: "", false: text}[status == http.StatusOK])
	if fault != nil {
		s.tell() // of the deed at once, however late its answer goes out
	}
	fault.after(r)
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", fault.retryAfter())
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

func (s *Slack) respond(use *responseURL, a args, fault *Fault) (int, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case fault != nil && fault.Kind == RateLimited:
		return http.StatusTooManyRequests, "rate_limited"
	case fault != nil && fault.Kind == AnswerCode:
		return http.StatusForbidden, fault.Code
	case use == nil:
		return http.StatusNotFound, "no_service"
	case s.now().Sub(use.at) > responseLife:
		return http.StatusNotFound, "expired_url"
	case use.uses >= responseUses:
		return http.StatusNotFound, "used_url"
	}
	use.uses++
	if a.yes("delete_original") {
		if use.message != nil {
			use.message.deleted = true
		}
		return http.StatusOK, "ok"
	}
	if err := s.answerInteraction(use, a); err != nil {
		return http.StatusBadRequest, err.code
	}
	return http.StatusOK, "ok"
}

// answerInteraction replaces the message that was clicked, or writes a new one: to the person alone unless
// response_type says in_channel.
func (s *Slack) answerInteraction(use *responseURL, a args) *slackError {
	if a.yes("replace_original") && use.message != nil && !use.message.deleted {
		return s.edit(use.message, a, "response_url")
	}
	m := &message{channel: use.channel, user: s.opts.BotUser, to: use.user, thread: a.text("thread_ts")}
	if err := s.fill(m, a, "response_url"); err != nil {
		return err
	}
	if a.text("response_type") == "in_channel" {
		m.to = ""
	}
	s.add(m)
	return nil
}

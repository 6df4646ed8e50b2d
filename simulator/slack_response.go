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
	channel, user string
	at            time.Time
	uses          int
}

func (s *Slack) newResponseURL(channel, user string) string {
	token := s.id("R") + "x" + s.id("")
	for old, r := range s.responses {
		if s.now().Sub(r.at) > 2*responseLife {
			delete(s.responses, old)
		}
	}
	s.responses[token] = &responseURL{channel: channel, user: user, at: s.now()}
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
	if err := s.answerInteraction(use, a); err != nil {
		return http.StatusBadRequest, err.code
	}
	return http.StatusOK, "ok"
}

// answerInteraction shows an answer to the person alone, which is all that the app asks for. Whatever else Slack can do
// (replace_original, delete_original, in_channel) is refused.
func (s *Slack) answerInteraction(use *responseURL, a args) *slackError {
	if kind := a.text("response_type"); a.yes("replace_original") || a.yes("delete_original") || kind != "" && kind != "ephemeral" {
		s.complain("response_url: the answer is not for one person: %v", a)
		return refuse("invalid_payload")
	}
	m := &message{channel: use.channel, user: s.opts.BotUser, to: use.user}
	if err := s.fill(m, a, "response_url"); err != nil {
		return err
	}
	s.add(m)
	return nil
}

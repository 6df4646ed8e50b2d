package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Submitted is what came of a modal's submission.
type Submitted struct {
	Reply
	Action string            // response_action: "" closed it, "errors" kept it open
	Errors map[string]string // at the fields, by block id; from Slack's own checks too, which are made before the app is asked
}

// Submit presses a modal's submit button as the person it was opened for. values are by "block_id/action_id";
// inputs not named keep their initial value.
func (s *Slack) Submit(ctx context.Context, viewID, user string, values map[string]string) (Submitted, error) {
	s.mu.Lock()
	v := s.views[viewID]
	if v == nil || v.closed || v.user != user {
		s.mu.Unlock()
		return Submitted{}, fmt.Errorf("%s has no open modal %s", user, viewID)
	}
	state, errors := formState(v.raw, values)
	if errors != nil {
		v.errors = errors
		s.mu.Unlock()
		s.tell()
		return Submitted{Action: "errors", Errors: errors}, nil
	}
	payload, err := s.personPayload("view_submission", user, "")
	if err == nil {
		payload["view"], payload["response_urls"] = s.viewOut(v, state), []any{}
	}
	to := s.opts.InteractionsURL
	s.mu.Unlock()
	if err != nil {
		return Submitted{}, err
	}
	reply, err := s.sendPayload(ctx, to, payload, tamper{})
	if err != nil {
		return Submitted{Reply: reply}, err
	}
	return s.submitted(v, reply), nil
}

// submitted lets the app's answer have its effect on the modal.
func (s *Slack) submitted(v *view, reply Reply) Submitted {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.tell()
	out := Submitted{Reply: reply}
	if !reply.OK() {
		s.complain("modal %s: the app answered %d, so the person sees an error", v.id, reply.Status)
		return out
	}
	var body struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
	}
	if text := strings.TrimSpace(reply.Body); text != "" && json.Unmarshal([]byte(text), &body) != nil {
		s.complain("modal %s: the answer is no JSON: %.80q", v.id, text)
	}
	out.Action, out.Errors = body.Action, body.Errors
	switch body.Action {
	case "errors":
		v.errors = body.Errors
		for block := range body.Errors {
			if !hasInput(v.raw, block) {
				s.complain("modal %s: an error for a field it does not have: %s", v.id, block)
			}
		}
	case "":
		v.closed = true
	default:
		s.complain("modal %s: response_action %q is not known here", v.id, body.Action)
	}
	return out
}

// CloseView closes a modal without submitting it.
func (s *Slack) CloseView(viewID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.tell()
	if v := s.views[viewID]; v != nil {
		v.closed = true
	}
}

// formState gives view.state.values, or the errors that Slack shows without asking the app.
func formState(raw map[string]any, values map[string]string) (map[string]any, map[string]string) {
	state, errors := map[string]any{}, map[string]string{}
	blocks, _ := raw["blocks"].([]any)
	for _, b := range blocks {
		block, _ := b.(map[string]any)
		element, _ := block["element"].(map[string]any)
		if block["type"] != "input" || element == nil {
			continue
		}
		id, _ := block["block_id"].(string)
		action, _ := element["action_id"].(string)
		text, given := values[id+"/"+action]
		if !given {
			text, _ = element["initial_value"].(string)
		}
		if fault := entryFault(block, element, text); fault != "" {
			errors[id] = fault
		}
		state[id] = map[string]any{action: entry(element, text)}
	}
	if len(errors) == 0 {
		return state, nil
	}
	return nil, errors
}

func entryFault(block, element map[string]any, text string) string {
	n, least, most := utf8.RuneCountInString(text), number(element["min_length"]), number(element["max_length"])
	switch optional, _ := block["optional"].(bool); {
	case text == "" && optional:
		return ""
	case text == "":
		return "Please complete this required field."
	case least > 0 && n < least:
		return fmt.Sprintf("This needs at least %d characters.", least)
	case most > 0 && n > most:
		return fmt.Sprintf("This can have at most %d characters.", most)
	}
	return ""
}

// entry is one input's state. What was left empty is null.
func entry(element map[string]any, text string) map[string]any {
	value := any(text)
	if text == "" {
		value = nil
	}
	return map[string]any{"type": element["type"], "value": value}
}

func hasInput(raw map[string]any, block string) bool {
	blocks, _ := raw["blocks"].([]any)
	for _, b := range blocks {
		if o, _ := b.(map[string]any); o["type"] == "input" && o["block_id"] == block {
			return true
		}
	}
	return false
}

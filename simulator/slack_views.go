package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

const maxViewBytes = 250_000 // docs.slack.dev, views

// View is a modal that somebody has open, or somebody's home tab.
type View struct {
	ID, User        string
	Title           string
	Submit, Close   string
	CallbackID      string
	PrivateMetadata string
	Blocks          []Block
	Errors          map[string]string // at the fields, by block id, of the last submission
}

// view is a View as the API and payloads show it, too.
type view struct {
	View
	raw object
}

func (s *Slack) openView(_ *Channel, a args) (object, *slackError) {
	raw, err := readView(a, "modal")
	if err != nil {
		return nil, err
	}
	t := s.rights[a.text("trigger_id")]
	switch {
	case t == nil || t.channel != "":
		return nil, refuse("invalid_trigger_id")
	case s.now().Sub(t.at) > s.opts.Patience:
		return nil, refuse("expired_trigger_id")
	case t.uses > 0:
		return nil, refuse("exchanged_trigger_id")
	}
	t.uses++
	v := s.newView(raw, s.id("V"), t.user)
	s.modals = append(s.modals, v)
	return object{"view": v.render(nil)}, nil
}

func (s *Slack) publishView(_ *Channel, a args) (object, *slackError) {
	raw, err := readView(a, "home")
	if err != nil {
		return nil, err
	}
	u := s.user(a.text("user_id"))
	if u == nil {
		return nil, refuse("user_not_found")
	}
	v := s.newView(raw, "H"+u.ID, u.ID)
	s.homes[u.ID] = v
	return object{"view": v.render(nil)}, nil
}

// readView reads and checks the view of a call. Its faults are invalid_arguments with places.
func readView(a args, kind string) (object, *slackError) {
	raw, isObject := a.json("view").(object)
	if !isObject {
		return nil, &slackError{code: "invalid_arguments", messages: []string{"must provide an object [json-pointer:/view]"}}
	}
	if len(encode(raw)) > maxViewBytes {
		return nil, refuse("view_too_large")
	}
	if faults := checkView(raw, kind); faults != nil {
		return nil, &slackError{code: "invalid_arguments", messages: faults}
	}
	return raw, nil
}

func (s *Slack) newView(raw object, id, user string) *view {
	s.nameBlocks(raw["blocks"].([]any))
	var typed struct {
		Title           Text    `json:"title"`
		Submit          Text    `json:"submit"`
		Close           Text    `json:"close"`
		CallbackID      string  `json:"callback_id"`
		PrivateMetadata string  `json:"private_metadata"`
		Blocks          []Block `json:"blocks"`
	}
	copyJSON(raw, &typed)
	return &view{raw: raw, View: View{ID: id, User: user, Title: typed.Title.Text, Submit: typed.Submit.Text, Close: typed.Close.Text,
		CallbackID: typed.CallbackID, PrivateMetadata: typed.PrivateMetadata, Blocks: typed.Blocks}}
}

// render gives the view as the API and payloads show it. values is the state of its inputs.
func (v *view) render(values object) object {
	if values == nil {
		values = object{}
	}
	out := object{
		"id": v.ID, "team_id": teamID, "app_id": appID, "bot_id": botID, "app_installed_team_id": teamID,
		"root_view_id": v.ID, "previous_view_id": nil, "state": object{"values": values},
		"title": nil, "submit": nil, "close": nil, "private_metadata": "", "callback_id": "",
	}
	for k, value := range v.raw {
		out[k] = value
	}
	return out
}

// Views lists the modals that a person has open, in the order of opening.
func (s *Slack) Views(user string) (out []View) {
	defer s.lock()()
	for _, v := range s.modals {
		if v.User == user {
			out = append(out, v.View)
		}
	}
	return out
}

// Home gives a person's home tab, false if none was published.
func (s *Slack) Home(user string) (View, bool) {
	defer s.lock()()
	if v := s.homes[user]; v != nil {
		return v.View, true
	}
	return View{}, false
}

// CloseView closes a modal without submitting it.
func (s *Slack) CloseView(viewID string) {
	defer s.changing()()
	s.modals = slices.DeleteFunc(s.modals, func(v *view) bool { return v.ID == viewID })
}

// Submitted is what came of a modal's submission.
type Submitted struct {
	Reply
	Action string            // response_action: "" closed it, "errors" kept it open
	Errors map[string]string // at the fields, by block id; from Slack's own checks too, which are made before the app is asked
}

// Submit presses a modal's submit button as the person it was opened for. values are by "block_id/action_id";
// inputs not named keep their initial value.
func (s *Slack) Submit(ctx context.Context, viewID, user string, values map[string]string) (Submitted, error) {
	v, payload, faults, err := s.submission(viewID, user, values)
	switch {
	case err != nil:
		return Submitted{}, err
	case faults != nil:
		return Submitted{Action: "errors", Errors: faults}, nil
	}
	reply, err := s.sendPayload(ctx, payload, tamper{})
	if err != nil {
		return Submitted{Reply: reply}, err
	}
	return s.submitted(v, reply), nil
}

// submission gives the payload of a submission, or the faults for which Slack keeps the modal open by itself.
func (s *Slack) submission(viewID, user string, values map[string]string) (v *view, payload object, faults map[string]string, err error) {
	defer s.changing()()
	open := find(s.modals, func(v *view) bool { return v.ID == viewID && v.User == user })
	if open == nil {
		return nil, nil, nil, fmt.Errorf("%s has no open modal %s", user, viewID)
	}
	v = *open
	state, faults := object{}, map[string]string{}
	for _, b := range v.Blocks {
		if b.Type != "input" {
			continue
		}
		text, given := values[b.BlockID+"/"+b.Element.ActionID]
		if !given {
			text = b.Element.InitialValue
		}
		if fault := entryFault(b, text); fault != "" {
			faults[b.BlockID] = fault
		}
		value := any(text)
		if text == "" { // what was left empty is null
			value = nil
		}
		state[b.BlockID] = object{b.Element.ActionID: object{"type": b.Element.Type, "value": value}}
	}
	if len(faults) > 0 {
		v.Errors = faults
		return v, nil, faults, nil
	}
	payload, err = s.personPayload("view_submission", user, "")
	if err == nil {
		payload["view"], payload["response_urls"] = v.render(state), []any{}
	}
	return v, payload, nil, err
}

// entryFault is what Slack shows at a field without asking the app.
func entryFault(b Block, text string) string {
	n, least, most := utf8.RuneCountInString(text), b.Element.MinLength, b.Element.MaxLength
	switch {
	case text == "" && b.Optional:
		return ""
	case text == "":
		return "Please complete this required field."
	case n < least:
		return fmt.Sprintf("This needs at least %d characters.", least)
	case most > 0 && n > most:
		return fmt.Sprintf("This can have at most %d characters.", most)
	}
	return ""
}

// submitted lets the app's answer have its effect on the modal.
func (s *Slack) submitted(v *view, reply Reply) Submitted {
	defer s.changing()()
	out := Submitted{Reply: reply}
	if !reply.OK() {
		s.complain("modal %s: the app answered %d, so the person sees an error", v.ID, reply.Status)
		return out
	}
	var body struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
	}
	if text := strings.TrimSpace(reply.Body); text != "" && json.Unmarshal([]byte(text), &body) != nil {
		s.complain("modal %s: the answer is no JSON: %.80q", v.ID, text)
	}
	out.Action, out.Errors = body.Action, body.Errors
	switch body.Action {
	case "errors":
		v.Errors = body.Errors
		for id := range body.Errors {
			if find(v.Blocks, func(b Block) bool { return b.Type == "input" && b.BlockID == id }) == nil {
				s.complain("modal %s: an error for a field it does not have: %s", v.ID, id)
			}
		}
	case "":
		s.modals = slices.DeleteFunc(s.modals, func(open *view) bool { return open == v })
	default:
		s.complain("modal %s: response_action %q is not known here", v.ID, body.Action)
	}
	return out
}

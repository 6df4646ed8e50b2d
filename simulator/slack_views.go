package simulator

import (
	"encoding/json"
	"slices"
	"time"
)

// Limits of a view, in characters (docs.slack.dev, views).
const (
	maxViewTitle    = 24
	maxPrivate      = 3000
	maxViewBytes    = 250_000
	maxModalsOpened = 100 // of which the oldest are forgotten: cmd/dev runs for days
)

// trigger is a person's interaction, which entitles the app to open one modal for that person.
type trigger struct {
	user string
	at   time.Time
	used bool
}

// view is a modal that somebody has open, or somebody's home tab.
type view struct {
	id, user string
	home     bool
	closed   bool
	raw      map[string]any
	errors   map[string]string // by block id, of the last submission
}

func (s *Slack) newTrigger(user string) string {
	s.serial++
	id := s.id("") + ".738474920." + s.id("8088930838d8")
	for old, t := range s.triggers {
		if s.now().Sub(t.at) > time.Minute {
			delete(s.triggers, old)
		}
	}
	s.triggers[id] = &trigger{user: user, at: s.now()}
	return id
}

func (s *Slack) openView(a args) (map[string]any, *slackError) {
	raw, err := readView(a, "modal")
	if err != nil {
		return nil, err
	}
	t := s.triggers[a.text("trigger_id")]
	switch {
	case t == nil:
		return nil, refuse("invalid_trigger_id")
	case s.now().Sub(t.at) > s.opts.Patience:
		return nil, refuse("expired_trigger_id")
	case t.used:
		return nil, refuse("exchanged_trigger_id")
	}
	t.used = true
	v := &view{id: s.id("V"), user: t.user}
	s.show(v, raw)
	s.views[v.id] = v
	s.forgetViews()
	return map[string]any{"view": s.viewOut(v, nil)}, nil
}

func (s *Slack) publishView(a args) (map[string]any, *slackError) {
	raw, err := readView(a, "home")
	if err != nil {
		return nil, err
	}
	u := s.user(a.text("user_id"))
	if u == nil {
		return nil, refuse("user_not_found")
	}
	v := s.homes[u.ID]
	if v == nil {
		v = &view{id: s.id("V"), user: u.ID, home: true}
		s.homes[u.ID] = v
	}
	s.show(v, raw)
	return map[string]any{"view": s.viewOut(v, nil)}, nil
}

func (s *Slack) show(v *view, raw map[string]any) {
	blocks, _ := raw["blocks"].([]any)
	s.nameBlocks(blocks)
	v.raw, v.errors = raw, nil
}

func (s *Slack) forgetViews() {
	if len(s.views) <= maxModalsOpened {
		return
	}
	oldest := ""
	for id := range s.views {
		if oldest == "" || id < oldest {
			oldest = id
		}
	}
	delete(s.views, oldest)
}

// readView reads and checks the view of a call. Its faults are invalid_arguments with places.
func readView(a args, kind string) (map[string]any, *slackError) {
	v, ok := a.json("view")
	raw, isObject := v.(map[string]any)
	if !ok || !isObject {
		return nil, &slackError{code: "invalid_arguments", messages: []string{"must provide an object [json-pointer:/view]"}}
	}
	if b, _ := json.Marshal(raw); len(b) > maxViewBytes {
		return nil, refuse("view_too_large")
	}
	if faults := checkView(raw, kind, "/view"); faults != nil {
		return nil, &slackError{code: "invalid_arguments", messages: faults}
	}
	return raw, nil
}

// checkView gives the faults of a view, nil if there are none.
func checkView(raw map[string]any, kind, path string) []string {
	c := &checker{inView: true, blockIDs: map[string]bool{}}
	names := []string{"type!", "blocks!", "private_metadata", "callback_id"}
	if kind == "modal" {
		names = append(names, "title!", "submit", "close")
	}
	c.object(raw, path, names...)
	if raw["type"] != kind {
		c.fault(path+"/type", "must be one of: %s", kind)
	}
	for _, name := range []string{"title", "submit", "close"} {
		c.words(raw[name], "plain_text", maxViewTitle, path+"/"+name)
	}
	c.text(raw, "private_metadata", 0, maxPrivate, path)
	c.text(raw, "callback_id", 0, maxID, path)
	blocks, isList := raw["blocks"].([]any)
	if !isList {
		c.fault(path+"/blocks", "must provide an array")
	}
	c.list(blocks, path+"/blocks")
	if c.inputs > 0 && raw["submit"] == nil && kind == "modal" {
		c.fault(path, "missing required field: submit")
	}
	return c.faults
}

// viewOut gives the view as the API and payloads show it. values is the state of its inputs.
func (s *Slack) viewOut(v *view, values map[string]any) map[string]any {
	if values == nil {
		values = map[string]any{}
	}
	out := map[string]any{
		"id": v.id, "team_id": s.opts.TeamID, "app_id": "A0SIMAPP1", "bot_id": "B0SIMBOT1", "app_installed_team_id": s.opts.TeamID,
		"root_view_id": v.id, "previous_view_id": nil, "state": map[string]any{"values": values},
		"title": nil, "submit": nil, "close": nil, "private_metadata": "", "callback_id": "",
	}
	for k, value := range v.raw {
		out[k] = value
	}
	return out
}

// sortedViews gives the ids in the order in which the views were opened.
func sortedViews(views map[string]*view) []string {
	ids := make([]string, 0, len(views))
	for id := range views {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

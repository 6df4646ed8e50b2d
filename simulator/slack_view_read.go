package simulator

import "context"

// View is a modal that somebody has open, or somebody's home tab.
type View struct {
	ID, User        string
	Home            bool
	Title           string
	Submit, Close   string
	CallbackID      string
	PrivateMetadata string
	Blocks          []Block
	Errors          map[string]string // at the fields, by block id
}

// Views lists the modals that a person has open.
func (s *Slack) Views(user string) []View {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []View
	for _, id := range sortedViews(s.views) {
		if v := s.views[id]; v.user == user && !v.closed {
			out = append(out, v.seen())
		}
	}
	return out
}

// Home gives a person's home tab, false if none was published.
func (s *Slack) Home(user string) (View, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.homes[user]
	if v == nil {
		return View{}, false
	}
	return v.seen(), true
}

// WaitView waits until a person has a modal open that satisfies is.
func (s *Slack) WaitView(ctx context.Context, user string, is func(View) bool) (found View, err error) {
	err = s.await(ctx, "a modal of "+user, func() bool {
		for _, v := range s.Views(user) {
			if is(v) {
				found = v
				return true
			}
		}
		return false
	})
	return found, err
}

func (v *view) seen() View {
	out := View{ID: v.id, User: v.user, Home: v.home, Errors: v.errors}
	var raw struct {
		Title           Text    `json:"title"`
		Submit          Text    `json:"submit"`
		Close           Text    `json:"close"`
		CallbackID      string  `json:"callback_id"`
		PrivateMetadata string  `json:"private_metadata"`
		Blocks          []Block `json:"blocks"`
	}
	copyJSON(v.raw, &raw)
	out.Title, out.Submit, out.Close, out.CallbackID, out.PrivateMetadata, out.Blocks = raw.Title.Text, raw.Submit.Text, raw.Close.Text, raw.CallbackID, raw.PrivateMetadata, raw.Blocks
	return out
}

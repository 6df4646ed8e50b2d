package simulator

import "strings"

func (s *Slack) authTest(args) (map[string]any, *slackError) {
	return map[string]any{
		"url": s.opts.TeamURL, "team": "Simulated workspace", "user": s.opts.AppName, "team_id": s.opts.TeamID,
		"user_id": s.opts.BotUser, "bot_id": "B0SIMBOT1", "is_enterprise_install": false,
	}, nil
}

func (s *Slack) info(a args) (map[string]any, *slackError) {
	c := s.channel(a.text("channel"))
	if c == nil {
		return nil, refuse("channel_not_found")
	}
	return map[string]any{"channel": map[string]any{
		"id": c.ID, "name": c.Name, "is_channel": true, "is_archived": c.Archived, "is_member": !c.NotMember, "context_team_id": s.opts.TeamID,
	}}, nil
}

func (s *Slack) groupUsers(a args) (map[string]any, *slackError) {
	for _, g := range s.opts.Groups {
		if g.ID != a.text("usergroup") {
			continue
		}
		if g.Disabled && !a.yes("include_disabled") {
			return nil, refuse("subteam_disabled")
		}
		return map[string]any{"users": append([]string{}, g.Users...)}, nil
	}
	return nil, refuse("no_such_subteam")
}

func (s *Slack) userInfo(a args) (map[string]any, *slackError) {
	u := s.user(a.text("user"))
	if u == nil {
		return nil, refuse("user_not_found")
	}
	return map[string]any{"user": map[string]any{
		"id": u.ID, "team_id": or(u.TeamID, s.opts.TeamID), "name": u.handle(), "real_name": or(u.RealName, u.Name),
		"deleted": u.Deleted, "is_bot": false, "tz": "America/New_York",
		"profile": map[string]any{"display_name": u.Name, "real_name": or(u.RealName, u.Name)},
	}}, nil
}

// handle is the user's name as payloads have it: small letters, no spaces.
func (u *User) handle() string { return strings.ReplaceAll(strings.ToLower(u.Name), " ", ".") }

package operator

import (
	"context"
	"slices"
	"strings"
)

// scopes are what the Slack app needs, and for what.
var scopes = []struct{ name, purpose string }{
	{"chat:write", "posts and edits"},
	{"channels:history", "looking for a message before it is posted again"},
	{"groups:history", "the same in private channels"},
	{"usergroups:read", "user groups in SLACK_APPROVERS"},
}

func (e *examination) slack(ctx context.Context) {
	f := e.world.Facts
	if !f.SigningSecret {
		e.add(Broken, "Slack signing secret", "copy the Signing Secret of the app's Basic Information page into SLACK_SIGNING_SECRET", "SLACK_SIGNING_SECRET is missing: no click would be accepted")
	} else {
		e.add(Fine, "Slack signing secret", "", "is set; whether it is the app's shows with the first click")
	}
	switch {
	case f.Anyone:
		e.add(Warning, "Slack approvers", "set SLACK_APPROVERS to user ids (U…) and user group ids (S…) unless that is meant", "SLACK_APPROVERS is anyone: everybody in the channel can approve a CPI")
	case len(f.Approvers) == 0:
		e.add(Broken, "Slack approvers", "set SLACK_APPROVERS to user ids (U…) and user group ids (S…), or to the word anyone", "SLACK_APPROVERS is missing: it is not said who may approve a CPI")
	}
	for _, channel := range f.Channels {
		if channel.ID == "" {
			e.add(Broken, "Slack channel "+channel.Variable, "set it to a channel's id (C…, at the end of the channel's details)", "is missing: nothing can be posted")
		}
	}
	if e.world.Slack == nil {
		e.add(Broken, "Slack token", "copy the Bot User OAuth Token of the app's OAuth & Permissions page into SLACK_BOT_TOKEN", "SLACK_BOT_TOKEN is missing")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	who, err := e.world.Slack.Identity(ctx)
	if err != nil {
		e.add(Broken, "Slack token", "check that this machine reaches Slack (SLACK_API_URL), and take the bot token (xoxb-…) from the app's page", "%v", err)
		return
	}
	e.add(Fine, "Slack token", "", "is %s in %s", who.User, who.Team)
	e.scopes(who.Scopes)
	if e.world.Nobody != nil && e.world.Nobody(ctx) {
		e.add(Broken, "Slack approvers", "add people to the user groups of SLACK_APPROVERS, enable them, or name people (U…) beside them", "nobody may decide: the user groups of SLACK_APPROVERS are empty, disabled or gone")
	}
	e.channels(ctx)
}

func (e *examination) scopes(have []string) {
	var missing []string
	for _, s := range scopes {
		groups := slices.ContainsFunc(e.world.Facts.Approvers, func(id string) bool { return strings.HasPrefix(id, "S") })
		if !slices.Contains(have, s.name) && (s.name != "usergroups:read" || groups) {
			missing = append(missing, s.name+" ("+s.purpose+")")
		}
	}
	switch {
	case len(have) == 0:
		e.add(Warning, "Slack scopes", "compare the app's scopes with slack-manifest.yaml", "Slack did not tell them")
	case len(missing) > 0:
		e.add(Broken, "Slack scopes", "add them on the app's OAuth & Permissions page and install the app again", "missing: %s", strings.Join(missing, ", "))
	default:
		e.add(Fine, "Slack scopes", "", "%s", strings.Join(have, ", "))
	}
}

func (e *examination) channels(ctx context.Context) {
	for _, channel := range e.world.Facts.Channels {
		if channel.ID == "" {
			continue
		}
		what := "Slack channel " + channel.Variable
		found, err := e.world.Slack.Channel(ctx, channel.ID)
		switch {
		case err != nil:
			e.add(Broken, what, "set it to the id of a channel (C…) and invite the app there", "%s: %v", channel.ID, err)
		case found.Archived:
			e.add(Broken, what, "bring it back, or set another", "%s (#%s) is archived", channel.ID, found.Name)
		case !found.Member:
			e.add(Broken, what, "in that channel: /invite the app", "%s (#%s): the app is not in it", channel.ID, found.Name)
		default:
			e.add(Fine, what, "", "#%s, and the app is in it", found.Name)
		}
	}
}

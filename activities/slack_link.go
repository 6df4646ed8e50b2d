package activities

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"
)

// linkTimeout is the limit for asking for the workspace's address; messages can do without.
const linkTimeout = 3 * time.Second

// teamURL is the workspace's address, which is read when it is first needed. It is safe for concurrent use.
type teamURL struct {
	api *slack.Client

	mu    sync.Mutex
	url   string
	tried time.Time
}

// get returns the address; empty if Slack does not answer, which is then asked again after a minute.
func (t *teamURL) get(ctx context.Context) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.url != "" || time.Since(t.tried) < time.Minute {
		return t.url
	}
	ctx, cancel := context.WithTimeout(ctx, linkTimeout)
	defer cancel()
	t.tried = time.Now()
	if auth, err := t.api.AuthTestContext(ctx); err == nil {
		t.url = strings.TrimRight(auth.URL, "/")
	}
	return t.url
}

// permalink returns a link to a message, in the form that chat.getPermalink returns.
func permalink(team, channel, ts, thread string) string {
	if team == "" || channel == "" || ts == "" {
		return ""
	}
	link := team + "/archives/" + channel + "/p" + strings.Replace(ts, ".", "", 1)
	if thread != "" && thread != ts {
		link += "?thread_ts=" + url.QueryEscape(thread) + "&cid=" + url.QueryEscape(channel)
	}
	return link
}

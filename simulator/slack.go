package simulator

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// SlackOptions configure a stand-in for one Slack workspace with one installed app.
type SlackOptions struct {
	BotToken      string // required: what the app sends as Bearer token ("xoxb-…")
	SigningSecret string // required: signs what the workspace sends to the app

	URL     string // under which Handler is served ("http://127.0.0.1:4321"); response_url addresses start with it
	TeamURL string // default "https://simulated.slack.com/"; permalinks start with it

	Channels []Channel
	Users    []User
	Groups   []Group

	Scopes []string // default: the scopes this program asks for; a call that needs another is refused with missing_scope

	// AppURL is where the app is: clicks and modals go to interactions below it, slash commands to commands, and
	// app_home_opened to events.
	AppURL string

	// PostsPerSecond and PostBurst limit chat.postMessage per channel, answering 429 beyond. 0: no limit.
	// Slack's own figure is one a second with short bursts (docs.slack.dev, rate limits).
	PostsPerSecond float64
	PostBurst      int

	// Patience is how long the workspace waits for the app, and how long a trigger_id may be used; default 3 s,
	// as with Slack (docs.slack.dev, interactivity).
	Patience time.Duration

	Now func() time.Time // default time.Now
}

// Channel is a conversation of the workspace.
type Channel struct {
	ID, Name  string
	NotMember bool     // the app is not in it: posting is refused with not_in_channel
	Archived  bool     // posting is refused with is_archived
	Members   []string // user ids; nil means everybody
}

// User is a person of the workspace, or a guest of another one.
type User struct {
	ID, Name string // Name is the display name
	TeamID   string // default the workspace's own
	Title    string // who it is, for the page ("approver"); Slack knows nothing of it
}

// Group is a user group ("S…").
type Group struct {
	ID, Handle string
	Users      []string
	Disabled   bool
}

// The workspace and its app.
const (
	teamID  = "T0SIM0001"
	appID   = "A0SIMAPP1"
	botID   = "B0SIMBOT1"
	botUser = "U0SIMBOT1"
	appName = "fieldmarshal"

	slackPatience = 3 * time.Second // Slack's own
)

// defaultScopes are the bot scopes that the app's manifest asks for.
var defaultScopes = []string{
	"chat:write", "channels:history", "channels:read", "commands",
	"groups:history", "groups:read", "usergroups:read", "users:read",
}

// Slack is the stand-in. Its methods are safe for concurrent use.
type Slack struct {
	counterparty
	now    func() time.Time
	client *http.Client

	opts     SlackOptions
	lastTS   time.Time
	serial   int
	messages []*message          // in the order of their ts
	byTS     map[string]*message // by channel/ts
	modals   []*view             // that are open, in the order of opening
	homes    map[string]*view    // by user
	rights   map[string]*right   // by trigger_id and by the last part of response_url
	limits   map[string]*rate.Limiter
	calls    []SlackCall
}

// NewSlack makes a workspace. It panics if a required option is missing, as only tests and cmd/dev call it.
func NewSlack(opts SlackOptions) *Slack {
	if opts.BotToken == "" || opts.SigningSecret == "" {
		panic("simulator: NewSlack needs BotToken and SigningSecret")
	}
	opts.TeamURL = strings.TrimSuffix(cmp.Or(opts.TeamURL, "https://simulated.slack.com/"), "/") + "/"
	opts.Patience = cmp.Or(opts.Patience, slackPatience)
	if opts.Scopes == nil {
		opts.Scopes = defaultScopes
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Slack{
		counterparty: counterparty{name: "slack"}, now: opts.Now, opts: opts, client: httpClient(opts.Patience),
		homes: map[string]*view{}, rights: map[string]*right{}, limits: map[string]*rate.Limiter{}, byTS: map[string]*message{},
	}
}

// httpClient sends to the app, and follows no redirect.
func httpClient(timeout time.Duration) *http.Client {
	return &http.Client{Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Handler serves the Web API under /api/ and response_url addresses under /response/.
func (s *Slack) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", s.serveAPI)
	mux.HandleFunc("POST /response/{token}", s.serveResponseURL)
	return mux
}

// Set changes options of a workspace that is in use, as a re-installation of the app does with its token.
func (s *Slack) Set(change func(*SlackOptions)) {
	defer s.lock()()
	change(&s.opts)
}

// Channels lists the workspace's channels.
func (s *Slack) Channels() []Channel {
	defer s.lock()()
	return slices.Clone(s.opts.Channels)
}

// Users lists the workspace's people.
func (s *Slack) Users() []User {
	defer s.lock()()
	return slices.Clone(s.opts.Users)
}

func (s *Slack) channel(id string) *Channel {
	return find(s.opts.Channels, func(c Channel) bool { return c.ID == id })
}

// channelNamed gives a channel by its id, or by its name with or without #, as a new post may name it.
func (s *Slack) channelNamed(text string) *Channel {
	return find(s.opts.Channels, func(c Channel) bool {
		return c.ID == text || c.Name != "" && c.Name == strings.TrimPrefix(text, "#")
	})
}

func (c *Channel) has(user string) bool { return c.Members == nil || slices.Contains(c.Members, user) }

func (s *Slack) user(id string) *User {
	return find(s.opts.Users, func(u User) bool { return u.ID == id })
}

// handle is the user's name as payloads have it: small letters, no spaces.
func (u *User) handle() string { return strings.ReplaceAll(strings.ToLower(u.Name), " ", ".") }

// newTS gives a message's timestamp, which is also its id in the channel: unique and rising.
func (s *Slack) newTS() string {
	t := s.now().Truncate(time.Microsecond)
	if !t.After(s.lastTS) {
		t = s.lastTS.Add(time.Microsecond)
	}
	s.lastTS = t
	return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000)
}

// id gives a new id with that prefix, such as V0000000004 for a view.
func (s *Slack) id(prefix string) string {
	s.serial++
	return fmt.Sprintf("%s%010d", prefix, s.serial)
}

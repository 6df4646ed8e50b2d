package simulator

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// SlackOptions configure a stand-in for one Slack workspace with one installed app.
type SlackOptions struct {
	BotToken      string // required: what the app sends as Bearer token ("xoxb-…")
	SigningSecret string // required: signs what the workspace sends to the app

	TeamID  string // default "T0SIM0001"
	TeamURL string // default "https://simulated.slack.com/"; permalinks start with it
	BotUser string // default "U0SIMBOT1", the app's own user
	AppName string // default "fieldmarshal"

	Channels []Channel
	Users    []User
	Groups   []Group

	Scopes []string // default: the scopes this program asks for; a call that needs another is refused with missing_scope

	InteractionsURL string // where clicks and modals go; SetInteractionsURL changes it
	CommandsURL     string // where slash commands go
	EventsURL       string // where app_home_opened goes

	// PostsPerSecond and PostBurst limit chat.postMessage a channel, answering 429 beyond. 0: no limit.
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
	RealName string
	TeamID   string // default the workspace's own
	Deleted  bool
	Title    string // who it is, for the page ("approver"); Slack knows nothing of it
}

// Group is a user group ("S…").
type Group struct {
	ID, Handle string
	Users      []string
	Disabled   bool
}

// slackPatience is Slack's own.
const slackPatience = 3 * time.Second

// defaultScopes are the bot scopes that the app's manifest asks for.
var defaultScopes = []string{
	"chat:write", "channels:history", "channels:read", "commands",
	"groups:history", "groups:read", "usergroups:read", "users:read",
}

// Slack is the stand-in. Its methods are safe for concurrent use.
type Slack struct {
	faults
	news
	now    func() time.Time
	client *http.Client

	mu         sync.Mutex
	opts       SlackOptions
	baseURL    string // of our own Handler, without a slash at the end
	lastTS     time.Time
	serial     int
	messages   []*message          // in the order of their ts
	byTS       map[string]*message // by channel/ts
	views      map[string]*view
	homes      map[string]*view // by user
	triggers   map[string]*trigger
	responses  map[string]*responseURL
	limits     map[string]*rate.Limiter
	calls      []SlackCall
	complaints []string
}

// NewSlack makes a workspace. It panics if a required option is missing, as only tests and cmd/dev call it.
func NewSlack(opts SlackOptions) *Slack {
	if opts.BotToken == "" || opts.SigningSecret == "" {
		panic("simulator: NewSlack needs BotToken and SigningSecret")
	}
	opts.TeamID = or(opts.TeamID, "T0SIM0001")
	opts.TeamURL = strings.TrimSuffix(or(opts.TeamURL, "https://simulated.slack.com/"), "/") + "/"
	opts.BotUser = or(opts.BotUser, "U0SIMBOT1")
	opts.AppName = or(opts.AppName, "fieldmarshal")
	if opts.Scopes == nil {
		opts.Scopes = defaultScopes
	}
	if opts.Patience == 0 {
		opts.Patience = slackPatience
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Slack{
		now: opts.Now, opts: opts,
		client: &http.Client{
			Timeout:       opts.Patience,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		views: map[string]*view{}, homes: map[string]*view{}, triggers: map[string]*trigger{},
		responses: map[string]*responseURL{}, limits: map[string]*rate.Limiter{}, byTS: map[string]*message{},
	}
}

func or(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

// Handler serves the Web API under /api/ and response_url addresses under /response/.
func (s *Slack) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", s.serveAPI)
	mux.HandleFunc("POST /response/{token}", s.serveResponseURL)
	return mux
}

// SetURL tells the address under which Handler is served ("http://127.0.0.1:4321"), which response_url
// addresses start with. Without it, it is learned from the app's first call.
func (s *Slack) SetURL(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.baseURL = strings.TrimSuffix(base, "/")
}

// SetInteractionsURL sets where clicks and submitted modals are sent.
func (s *Slack) SetInteractionsURL(url string) {
	s.mu.Lock()
	s.opts.InteractionsURL = url
	s.mu.Unlock()
}

// SetCommandsURL sets where slash commands are sent.
func (s *Slack) SetCommandsURL(url string) { s.mu.Lock(); s.opts.CommandsURL = url; s.mu.Unlock() }

// SetEventsURL sets where events are sent.
func (s *Slack) SetEventsURL(url string) { s.mu.Lock(); s.opts.EventsURL = url; s.mu.Unlock() }

// SetBotToken changes the token that is accepted, as a re-installation of the app does.
func (s *Slack) SetBotToken(token string) { s.mu.Lock(); s.opts.BotToken = token; s.mu.Unlock() }

// SetGroup replaces the user group of that id, or adds it.
func (s *Slack) SetGroup(g Group) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.opts.Groups {
		if s.opts.Groups[i].ID == g.ID {
			s.opts.Groups[i] = g
			return
		}
	}
	s.opts.Groups = append(s.opts.Groups, g)
}

// Channels lists the workspace's channels.
func (s *Slack) Channels() []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Channel(nil), s.opts.Channels...)
}

// Users lists the workspace's people.
func (s *Slack) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]User(nil), s.opts.Users...)
}

// Complaints lists what the real Slack would take but show badly or log to the developer: blocks without a
// fallback text, field errors for fields that a modal does not have, a click answered too late.
func (s *Slack) Complaints() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.complaints...)
}

const maxComplaints = 1000

func (s *Slack) complain(format string, args ...any) {
	if len(s.complaints) < maxComplaints {
		s.complaints = append(s.complaints, fmt.Sprintf(format, args...))
	}
}

func (s *Slack) channel(id string) *Channel {
	for i := range s.opts.Channels {
		if s.opts.Channels[i].ID == id {
			return &s.opts.Channels[i]
		}
	}
	return nil
}

func (s *Slack) user(id string) *User {
	for i := range s.opts.Users {
		if s.opts.Users[i].ID == id {
			return &s.opts.Users[i]
		}
	}
	return nil
}

func (c *Channel) has(user string) bool {
	if c.Members == nil {
		return true
	}
	for _, m := range c.Members {
		if m == user {
			return true
		}
	}
	return false
}

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

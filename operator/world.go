package operator

import (
	"context"
	"time"

	"fieldmarshal/inbox"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

// World is what the commands reach. Nothing in it is called before a command needs it, so that `send` works without
// Temporal and `list` without an inbox.
type World struct {
	Flows    Flows         // required
	Temporal Temporal      // required
	Inbox    Inbox         // required
	Prodege  ProjectReader // nil: no PRODEGE_API_KEY
	Slack    SlackChecker  // nil: no SLACK_BOT_TOKEN

	UILink func(workflowID string) string // the address of a workflow in the Temporal UI
	Facts  Facts

	// Wrong is a fault of the configuration that no command but doctor works with; nil: there is none.
	Wrong error
	// Findings are all faults of the configuration, those of ingress and worker too, for doctor.
	Findings []string
	// Warnings are what in the configuration may not be meant so, for doctor.
	Warnings []string
}

// Facts are what the configuration says, as far as commands tell it.
type Facts struct {
	TemporalAddress string
	Namespace       string
	TaskQueue       string

	IngressURL string           // where send goes without --url; it has no path
	SecretKeys []prodege.Secret // PRODEGE_SECRET_KEY; the first signs

	Channels      []Channel
	Anyone        bool // SLACK_APPROVERS is anyone
	ProdegeURL    string
	InboxDir      string
	ProjectLinger time.Duration
	DryRun        bool
}

// Channel is a Slack channel that is posted in, and what for.
type Channel struct {
	Variable string // SLACK_ALERTS_CHANNEL, …
	ID       string
}

// Flows is how workflows are reached; *workflows.Client is it.
type Flows interface {
	Project(ctx context.Context, id prodege.ProjectID) (*project.State, error)
	Ledger(ctx context.Context, id prodege.ProjectID) (workflows.Ledger, error)
	Gather(ctx context.Context, since time.Time, progress func(read, of int)) (workflows.Gathered, error)
	Decide(ctx context.Context, id prodege.ProjectID, d project.Decision) error
	Deliver(ctx context.Context, event prodege.Event) error
	Accepting(ctx context.Context, on bool, by string) error
	LastSwitch(ctx context.Context) (workflows.ControlState, error)
	Health(ctx context.Context) error
}

// Temporal is what is asked of Temporal itself, without a worker; NewTemporal makes one.
type Temporal interface {
	// List returns the projects that a query finds, at most limit, and whether there are more.
	List(ctx context.Context, query string, limit int) (rows []Row, more bool, err error)
	// History returns the events that reached a project, oldest first, as far as Temporal keeps its histories, and whether
	// they go back to its beginning.
	History(ctx context.Context, id prodege.ProjectID) (signals []Signal, whole bool, err error)
	// Retention returns how long the namespace keeps closed workflows.
	Retention(ctx context.Context) (time.Duration, error)
	// Attributes returns the types of the search attributes, by name.
	Attributes(ctx context.Context) (map[string]string, error)
	// Workers counts the workers that Temporal has seen poll the main task queue since a time.
	Workers(ctx context.Context, since time.Time) (int, error)
}

// Signal is an event that reached a project.
type Signal struct {
	At    time.Time     `json:"at"` // when Temporal had it, UTC
	Event prodege.Event `json:"event"`
}

// Inbox is the inbox of the ingress that runs on this machine; *inbox.Control is it.
type Inbox interface {
	List(ctx context.Context) (inbox.Listing, error)
	Drain(ctx context.Context) (inbox.Stats, error)
	DeadLetters(ctx context.Context) ([]inbox.DeadLetter, error)
	DeadLetter(ctx context.Context, id uint64) (inbox.DeadLetter, error)
	Retry(ctx context.Context, id uint64) error
	Drop(ctx context.Context, id uint64) error
	Refused(ctx context.Context) (inbox.RefusedList, error)
	Admit(ctx context.Context, id uint64, by string) error
}

// ProjectReader reads a project at Prodege; *prodege.Client is it.
type ProjectReader interface {
	ProjectInfo(ctx context.Context, id prodege.ProjectID) (prodege.ProjectInfo, error)
}

// SlackChecker tells doctor what Slack says of the token and the channels. Errors are sentences that say what
// to do, without secrets.
type SlackChecker interface {
	Identity(ctx context.Context) (SlackIdentity, error)
	Channel(ctx context.Context, id string) (SlackChannel, error)
	// Nobody reports whether it is certain that nobody may decide, as the user groups of SLACK_APPROVERS are empty, disabled
	// or gone.
	Nobody(ctx context.Context) bool
}

// SlackIdentity is whom a bot token belongs to, and what it may.
type SlackIdentity struct {
	Team   string   // name of the workspace
	User   string   // name of the bot
	Scopes []string // X-OAuth-Scopes of the response
}

// SlackChannel is a channel as the app sees it.
type SlackChannel struct {
	Name     string
	Member   bool // the app is in it
	Archived bool
}

package operator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/inbox"
	"fieldmarshal/prodege"
)

// Verdict is what doctor says of one thing.
type Verdict string

// The verdicts. Only Broken makes the exit code 1.
const (
	Fine    Verdict = "ok"
	Warning Verdict = "warning" // it works, but perhaps not as people expect
	Broken  Verdict = "fault"
)

// Check is one thing that doctor looked at.
type Check struct {
	What    string  `json:"what"`
	Verdict Verdict `json:"verdict"`
	Found   string  `json:"found"`
	Do      string  `json:"do,omitempty"` // what to do about it
}

// Diagnosis is what doctor answers in JSON.
type Diagnosis struct {
	OK     bool    `json:"ok"`
	Checks []Check `json:"checks"`
}

// checkTime bounds what is asked of each party.
const checkTime = 8 * time.Second

// examination gathers findings.
type examination struct {
	*World
	now    time.Time
	checks []Check
}

func (e *examination) add(v Verdict, what, do, found string, args ...any) {
	e.checks = append(e.checks, Check{what, v, fmt.Sprintf(found, args...), do})
}

func (o Options) doctor() *cobra.Command {
	return o.open("doctor", func(c *call) error {
		e := &examination{World: c.world, now: c.now()}
		for _, check := range []func(context.Context){e.configuration, e.temporal, e.slack, e.prodege, e.inbox} {
			ctx, cancel := context.WithTimeout(c.ctx, checkTime)
			check(ctx)
			cancel()
		}
		faults := 0
		for _, check := range e.checks {
			if check.Verdict == Broken {
				faults++
			}
		}
		err := c.show(Diagnosis{faults == 0, e.checks}, func(p *page) {
			for _, check := range e.checks {
				p.line("%-8s %s: %s", check.Verdict, check.What, check.Found)
				if check.Do != "" {
					p.line("         → %s", check.Do)
				}
			}
		})
		if err == nil && faults > 0 {
			return failed("faults found: %d", faults)
		}
		return err
	})
}

func (e *examination) configuration(context.Context) {
	for _, finding := range e.Findings {
		e.add(Broken, "configuration", "change it in the environment or in .env; the README has a table of all variables", "%s", finding)
	}
	for _, warning := range e.Warnings {
		e.add(Warning, "configuration", "change it in the environment or in .env if it is not meant so", "%s", warning)
	}
	if len(e.Findings)+len(e.Warnings) == 0 {
		e.add(Fine, "configuration", "", "is read without faults")
	}
	if e.Facts.DryRun {
		e.add(Warning, "DRY_RUN", "set DRY_RUN=false when acceptances and invoices are to be sent", "on: everything is decided and told, nothing is sent")
	}
	if e.Facts.Anyone {
		e.add(Warning, "Slack approvers", "set SLACK_APPROVERS to user ids (U…) and user group ids (S…) unless that is meant", "SLACK_APPROVERS is anyone: everybody in the channel can approve a CPI")
	}
}

// scopes are what the Slack app needs.
var scopes = []string{"chat:write", "channels:history", "groups:history", "channels:read", "groups:read", "usergroups:read", "users:read"}

func (e *examination) slack(ctx context.Context) {
	if e.Slack == nil {
		return // configuration says that the token is missing
	}
	who, err := e.Slack.Identity(ctx)
	if err != nil {
		e.add(Broken, "Slack token", "check that this machine reaches Slack (SLACK_API_URL), and take the bot token (xoxb-…) from the app's page", "%v", err)
		return
	}
	e.add(Fine, "Slack token", "", "is %s in %s", who.User, who.Team)
	missing := slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool { return slices.Contains(who.Scopes, scope) })
	if len(missing) > 0 {
		e.add(Broken, "Slack scopes", "add them on the app's OAuth & Permissions page (slack-manifest.yaml says what for) and install the app again", "missing: %s", strings.Join(missing, ", "))
	} else {
		e.add(Fine, "Slack scopes", "", "%s", strings.Join(who.Scopes, ", "))
	}
	if e.Slack.Nobody(ctx) {
		e.add(Broken, "Slack approvers", "add people to the user groups of SLACK_APPROVERS, enable them, or name people (U…) beside them", "nobody may decide: the user groups of SLACK_APPROVERS are empty, disabled or gone")
	}
	for _, channel := range e.Facts.Channels {
		what := "Slack channel " + channel.Variable
		found, err := e.Slack.Channel(ctx, channel.ID)
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

// foreignProject is a project that is not ours: with good credentials Prodege answers that it does not know it.
const foreignProject prodege.ProjectID = 1

func (e *examination) prodege(ctx context.Context) {
	const what = "Prodege API"
	if e.Prodege == nil {
		e.add(Warning, what, "set PRODEGE_API_KEY (and PRODEGE_SECRET_KEY) to have approvals accepted and projects read", "there is no key: nothing is called, people are asked to accept by hand")
		return
	}
	_, err := e.Prodege.ProjectInfo(ctx, foreignProject)
	var refused *prodege.APIError
	unknown := func(code int) bool { return code >= 2001 && code <= 2003 }
	switch {
	case err == nil, errors.As(err, &refused) && !refused.Unauthorized() && slices.ContainsFunc(refused.Codes, unknown):
		e.add(Fine, what, "", "answers at %s, and takes our key and signature", e.Facts.ProdegeURL)
	case refused == nil:
		e.add(Broken, what, "check PRODEGE_BASE_URL, and that this machine reaches it", "%v", err)
	case refused.Unauthorized():
		e.add(Broken, what, "check PRODEGE_API_KEY and PRODEGE_SECRET_KEY: they belong together, and to the address in PRODEGE_BASE_URL", "%s", refused.Words())
	case refused.Retryable() && len(refused.Codes) > 0: // maintenance, rate, our clock
		e.add(Warning, what, "run doctor again in a while; if it stays so check this machine's clock", "%s", refused.Words())
	default:
		e.add(Broken, what, "check PRODEGE_BASE_URL, and that this machine reaches it", "%s", refused.Words())
	}
}

func (e *examination) inbox(ctx context.Context) {
	dir := e.Facts.InboxDir
	if why := inbox.Volatile(existing(dir)); why != "" {
		e.add(Warning, "inbox disk", "set INBOX_DIR to a folder on a disk that survives process and container", "%s lies in %s: deliveries may be lost", dir, why)
	} else {
		e.add(Fine, "inbox disk", "", "%s lies on a disk", dir)
	}
	l, err := e.Inbox.List(ctx)
	switch {
	case err != nil:
		e.add(Warning, "inbox", "nothing, if the ingress runs elsewhere", "%v", err)
	case l.Stats.Fault != "":
		e.add(Broken, "inbox", "free space or repair the disk", "the disk refuses: %s", l.Stats.Fault)
	case l.Stats.DeadLetters > 0:
		e.add(Warning, "inbox", "fieldmarshal deadletter", "%d dead letters wait for a person", l.Stats.DeadLetters)
	case l.Stats.Stuck > 0:
		e.add(Warning, "inbox", "fieldmarshal inbox, and look at the project's workflow", "%d events are stuck: Temporal has not accepted them for a day, though it accepts others", l.Stats.Stuck)
	default:
		e.add(Fine, "inbox", "", "the ingress here answers; %d events wait", l.Stats.Depth)
	}
}

// existing is the folder itself, or the nearest above it that exists.
func existing(dir string) string {
	for at, err := filepath.Abs(dir); err == nil; at = filepath.Dir(at) {
		if _, err := os.Stat(at); err == nil || at == filepath.Dir(at) {
			return at
		}
	}
	return dir
}

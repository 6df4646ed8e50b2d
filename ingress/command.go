package ingress

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/sync/errgroup"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// commandTimeout leaves Slack's three seconds time for the way.
const commandTimeout = 2200 * time.Millisecond

// askOpenTimeout and askAtOnce bound the questions to the workflows of a list. Without a worker each would wait.
const (
	askOpenTimeout = time.Second
	askAtOnce      = 8
)

// OpenItem is something that waits for a person.
type OpenItem struct {
	Workflow string
	Project  prodege.ProjectID
	Summary  string    // what it waits for, a few words
	Since    time.Time // since when
	Decision bool      // an approver has to decide
}

// command answers the slash command, to the caller alone. Whoever is in our workspace may ask.
func (in *Ingress) command(c *gin.Context, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("command") == "" {
		fail(c, http.StatusBadRequest, "", "the body is not a slash command")
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), commandTimeout)
	defer cancel()
	m := in.answerCommand(ctx, form.Get("team_id"), form.Get("command"), strings.Fields(form.Get("text")))
	c.JSON(http.StatusOK, responseMessage{ResponseType: "ephemeral", Text: m.Text, Blocks: m.Blocks})
}

func (in *Ingress) answerCommand(ctx context.Context, teamID, command string, words []string) cards.Message {
	own, err := in.team.get(ctx)
	switch {
	case err != nil:
		return cards.Sorry("Slack does not tell right now which workspace this is. Please try again in a minute.")
	case teamID != own:
		return cards.Sorry("This command answers only in the workspace that Fieldmarshal belongs to.")
	case len(words) == 2 && words[0] == "status":
		return in.status(ctx, words[1])
	case len(words) == 1 && words[0] == "open":
		list, err := in.openList(ctx, cards.OpenInMessage, "")
		if err != nil {
			return cards.Sorry("What waits for a person can't be told right now: Temporal does not answer. Please try again in a minute.")
		}
		return list.Message()
	}
	return cards.Help(command)
}

// status says how a project stands. It needs a live worker.
func (in *Ingress) status(ctx context.Context, text string) cards.Message {
	id, err := prodege.ParseProjectID(text)
	if err != nil {
		return cards.Sorry("That is not a project id: it should be a number, such as 29303649.")
	}
	state, err := in.options.Workflows.Project(ctx, id)
	switch {
	case errors.Is(err, workflows.ErrClosed):
		return cards.Sorry("Project " + id.String() + " is not known here: no event of it has come, or its time here is over.")
	case err != nil:
		in.log.Warn("a project could not be asked", "project_id", id, "error", err)
		return cards.Sorry("Project " + id.String() + " can't be asked right now: Temporal or its worker does not answer. Please try again in a minute.")
	}
	return in.overview(id, state).Message()
}

func (in *Ingress) overview(id prodege.ProjectID, s workflows.ProjectState) cards.Overview {
	o := cards.Overview{
		Frame:  cards.Frame{Project: s.Name, UI: in.uiLink(workflows.ProjectWorkflowID(id)), Simulated: in.options.Simulated},
		Status: s.Status, Since: s.StatusSince, Reason: s.Reason, Description: s.Description,
		Waits: string(s.Waiting), WaitsSince: s.WaitingSince,
	}
	o.Project.ID = id
	o.Attention, o.Alert = s.Attention(), alertOf(s)
	if r := s.OpenRequest(); r != nil {
		o.Required, o.Request = r.Status.Required, r.Status.Link
	}
	for _, e := range s.Last {
		o.Last = append(o.Last, cards.PastEvent{At: e.Time, Status: e.Status, Reason: e.Reason, Became: string(e.Disposition)})
	}
	return o
}

// openList is what waits for a person, the most urgent first. The first items, as many as are shown, are told with what only
// their workflows know; those of which no worker answers in time do without. Reader is a Slack user's id, or empty.
func (in *Ingress) openList(ctx context.Context, shown int, reader string) (cards.OpenList, error) {
	list := cards.OpenList{Simulated: in.options.Simulated}
	if in.options.Open == nil {
		return list, errors.New("nothing tells what is open")
	}
	items, err := in.options.Open(ctx)
	if err != nil {
		in.log.Warn("what waits for a person could not be listed", "error", err)
		return list, err
	}
	list.Items = make([]cards.OpenItem, len(items))
	ctx, cancel := context.WithTimeout(ctx, askOpenTimeout)
	defer cancel()
	var asking errgroup.Group
	asking.SetLimit(askAtOnce)
	for n, i := range items {
		list.Items[n] = cards.OpenItem{Project: project(i.Project), Summary: i.Summary, Since: i.Since, UI: in.uiLink(i.Workflow), Decision: i.Decision}
		if n < shown {
			asking.Go(func() error {
				in.askOpen(ctx, &list.Items[n], reader)
				return nil
			})
		}
	}
	_ = asking.Wait() // none fails
	return list, nil
}

// askOpen asks a project for its name, for the message to go to, and whether the reader has approved already.
func (in *Ingress) askOpen(ctx context.Context, item *cards.OpenItem, reader string) {
	if ctx.Err() != nil {
		return
	}
	s, err := in.options.Workflows.Project(ctx, item.Project.ID)
	if err != nil {
		return
	}
	name := s.Name
	name.ID = item.Project.ID
	item.Project, item.Link = name, messageOf(s)
	r := s.OpenRequest()
	if reader == "" || r == nil || r.Status.Phase != string(cards.PhaseSecond) {
		return
	}
	if a, err := in.options.Workflows.Approval(ctx, r.Workflow); err == nil {
		item.Approved = slices.ContainsFunc(a.Decisions, func(d cards.Decision) bool {
			return d.User == reader && d.Verdict == cards.Approve
		})
	}
}

// messageOf links to the message by which a person does something for a project: its request, its invoice where
// that needs somebody, or the alert of its pause.
func messageOf(s workflows.ProjectState) string {
	if r := s.OpenRequest(); r != nil && r.Status.Link != "" {
		return r.Status.Link
	}
	if i := s.Invoicing; i != nil && !i.Status.Closed && (i.Status.Attention != "" || i.Status.Phase == string(cards.InvoiceByHand)) {
		return i.Status.Link
	}
	return alertOf(s)
}

// alertOf links to the alert of the present pause.
func alertOf(s workflows.ProjectState) string {
	for _, m := range s.Messages {
		if m != nil && s.Pause != nil && m.Key == s.Pause.Alert {
			return m.Link
		}
	}
	return ""
}

func (in *Ingress) uiLink(workflowID string) string {
	if in.options.UILink == nil {
		return ""
	}
	return in.options.UILink(workflowID)
}

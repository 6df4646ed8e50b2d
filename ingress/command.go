package ingress

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// commandTimeout leaves Slack's three seconds time for the way.
const commandTimeout = 2200 * time.Millisecond

// OpenItem is something that waits for a person.
type OpenItem struct {
	Workflow string
	Project  prodege.ProjectID
	Summary  string    // what it waits for, a few words
	Since    time.Time // since when
	Link     string    // to the Slack message; may be empty
}

// command answers the slash command, to the caller alone. Whoever is in our workspace may ask.
func (in *Ingress) command(c *gin.Context, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err == nil && form.Get("ssl_check") == "1" { // Slack looks whether the certificate is good
		c.Status(http.StatusOK)
		return
	}
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
		list, err := in.openList(ctx)
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
	for _, r := range s.Requests {
		if r != nil && !r.Status.Closed {
			o.Required, o.Request, o.Attention = r.Status.Required, r.Status.Link, r.Status.Attention
		}
	}
	if o.Attention == "" && s.Invoicing != nil && !s.Invoicing.Status.Closed {
		o.Attention = s.Invoicing.Status.Attention
	}
	for _, m := range s.Messages {
		if m != nil && s.Pause != nil && m.Key == s.Pause.Alert {
			o.Alert = m.Link
		}
	}
	for _, e := range s.Last {
		o.Last = append(o.Last, cards.PastEvent{At: e.Time, Status: e.Status, Reason: e.Reason, Became: string(e.Disposition)})
	}
	return o
}

func (in *Ingress) openList(ctx context.Context) (cards.OpenList, error) {
	list := cards.OpenList{Simulated: in.options.Simulated}
	if in.options.Open == nil {
		return list, errors.New("nothing tells what is open")
	}
	items, err := in.options.Open(ctx)
	if err != nil {
		in.log.Warn("what waits for a person could not be listed", "error", err)
		return list, err
	}
	for _, i := range items {
		list.Items = append(list.Items, cards.OpenItem{Project: project(i.Project), Summary: i.Summary, Since: i.Since, Link: i.Link, UI: in.uiLink(i.Workflow)})
	}
	return list, nil
}

func (in *Ingress) uiLink(workflowID string) string {
	if in.options.UILink == nil {
		return ""
	}
	return in.options.UILink(workflowID)
}

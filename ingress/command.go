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
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

// commandTimeout leaves the rest of Slack's three seconds for the network.
const commandTimeout = 2200 * time.Millisecond

// reader is a person who asks, and what decides what they may see.
type reader struct {
	user  string
	guest bool // must not see prices
}

func (in *Ingress) readerOf(ctx context.Context, user string) reader {
	return reader{user, in.isGuest(ctx, user)}
}

// command answers the slash command with an ephemeral message. Anybody in our workspace may ask.
func (in *Ingress) command(c *gin.Context, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("command") == "" {
		fail(c, http.StatusBadRequest, "", "the body is not a slash command")
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), commandTimeout)
	defer cancel()
	c.JSON(http.StatusOK, ephemeral(in.answerCommand(ctx, form)))
}

func (in *Ingress) answerCommand(ctx context.Context, form url.Values) cards.Message {
	own, err := in.team.get(ctx)
	switch {
	case err != nil:
		return cards.Sorry("Slack can't be asked right now which workspace this is. Please try again in a minute.")
	case !person{team: form.Get("team_id"), enterprise: form.Get("enterprise_id")}.isFrom(own):
		return cards.Sorry("This command only works in the workspace that Fieldmarshal belongs to.")
	}
	command, text, user := form.Get("command"), form.Get("text"), form.Get("user_id")
	verb, rest := "help", ""
	if words := strings.Fields(text); len(words) > 0 {
		verb, rest = strings.ToLower(words[0]), strings.Join(words[1:], " ")
	}
	wrong := "“" + text + "” is not understood."
	switch {
	case verb == "help" && rest == "":
		return cards.Help(command)
	case verb == "open" && rest == "":
		return in.open(ctx, in.readerOf(ctx, user))
	case verb == "status" && rest != "":
		return in.status(ctx, in.readerOf(ctx, user), rest)
	case verb == "status":
		wrong = "“status” needs a project: its id, its PO number, or part of its name."
	default:
		if _, err := prodege.TypedProjectID(text); err == nil {
			wrong += " Did you mean “status " + text + "”?"
		}
	}
	said, help := cards.Sorry(wrong), cards.Help(command)
	return cards.Message{Text: said.Text + "\n" + help.Text, Blocks: append(said.Blocks, help.Blocks...)}
}

// open lists what waits for a person.
func (in *Ingress) open(ctx context.Context, who reader) cards.Message {
	list, err := in.openList(ctx, cards.OpenInMessage, who)
	if err != nil {
		return cards.Sorry("What waits for a person can't be told right now: Temporal does not answer. Please try again in a minute.")
	}
	return list.Message()
}

// status shows the project with that id, PO number or name. It needs a live worker.
func (in *Ingress) status(ctx context.Context, who reader, text string) cards.Message {
	text = prodege.Unquoted(text)
	id, err := prodege.TypedProjectID(text)
	if err != nil {
		return in.statusByName(ctx, who, text)
	}
	state, err := in.options.Workflows.Project(ctx, id)
	switch {
	case errors.Is(err, workflows.ErrClosed):
		if found, _, err := in.find(ctx, text); err == nil && len(found) == 1 { // a PO number may be a number, too
			return in.status(ctx, who, found[0].ID.String())
		}
		return cards.Sorry("Project " + id.String() + " is not known here: there has been no event about it, or it ended long ago.")
	case err != nil:
		in.log.Warn("a project could not be asked", "project_id", id.String(), "error", err)
		return cards.Sorry("Project " + id.String() + " can't be asked right now: Temporal or its worker does not answer. " +
			"Please try again in a minute.")
	}
	if who.guest {
		state = withoutPrices(state)
	}
	return cards.Status(state, project.Frame{UI: in.uiLink(id), Simulated: in.options.Simulated})
}

// withoutPrices returns a project without requests, decisions and refusals, all of which show prices.
func withoutPrices(s *project.State) *project.State {
	c := *s
	c.Request, c.Action, c.Former, c.Decisions = nil, nil, nil, nil
	if c.Invoice != nil {
		invoice := *c.Invoice
		invoice.Refusal = nil
		c.Invoice = &invoice
	}
	return &c
}

// uiLink returns a link to a project in the Temporal UI.
func (in *Ingress) uiLink(id prodege.ProjectID) string {
	if in.options.UILink == nil {
		return ""
	}
	return in.options.UILink(workflows.ProjectID(id))
}

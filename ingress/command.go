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

// command answers the slash command with an ephemeral message. Anybody in our workspace may ask.
func (in *Ingress) command(c *gin.Context, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("command") == "" {
		fail(c, http.StatusBadRequest, "", "the body is not a slash command")
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), commandTimeout)
	defer cancel()
	m := in.answerCommand(ctx, form)
	c.JSON(http.StatusOK, responseMessage{ResponseType: "ephemeral", Text: m.Text, Blocks: m.Blocks})
}

func (in *Ingress) answerCommand(ctx context.Context, form url.Values) cards.Message {
	command, words := form.Get("command"), strings.Fields(form.Get("text"))
	own, err := in.team.get(ctx)
	switch {
	case err != nil:
		return cards.Sorry("Slack can't be asked right now which workspace this is. Please try again in a minute.")
	case !person{team: form.Get("team_id"), enterprise: form.Get("enterprise_id")}.isFrom(own):
		return cards.Sorry("This command only works in the workspace that Fieldmarshal belongs to.")
	case len(words) == 0, len(words) == 1 && strings.EqualFold(words[0], "help"):
		return cards.Help(command)
	}
	verb, rest := strings.ToLower(words[0]), strings.Join(words[1:], " ")
	switch {
	case verb == "status" && rest == "":
		return notUnderstood(command, "“status” needs a project: its id, its PO number, or part of its name.")
	case verb == "status":
		return in.status(ctx, in.readerOf(ctx, form.Get("user_id")), rest)
	case verb == "open" && rest == "":
		return in.open(ctx, in.readerOf(ctx, form.Get("user_id")))
	case verb == "open", verb == "help":
		return notUnderstood(command, "“"+rest+"” is not understood after “"+verb+"”.")
	}
	if _, err := prodege.TypedProjectID(form.Get("text")); err == nil {
		return notUnderstood(command, "“"+form.Get("text")+"” is not understood. Did you mean “status "+form.Get("text")+"”?")
	}
	if meant := nearest(verb, "status", "open", "help"); meant != "" {
		return notUnderstood(command, "“"+words[0]+"” is not understood. Did you mean “"+strings.TrimSpace(meant+" "+rest)+"”?")
	}
	return notUnderstood(command, "“"+words[0]+"” is not understood.")
}

// notUnderstood says what was not understood, and what can be asked.
func notUnderstood(command, what string) cards.Message {
	said, help := cards.Sorry(what), cards.Help(command)
	return cards.Message{Text: said.Text + "\n" + help.Text, Blocks: append(said.Blocks, help.Blocks...)}
}

// readerOf says what a person may see. If it is unknown whether they are a guest they see no prices.
func (in *Ingress) readerOf(ctx context.Context, user string) reader {
	guest, err := in.guests.has(ctx, user)
	if err != nil {
		in.log.Warn("Slack does not say whether somebody is a guest, so they see no prices: does the app have the scope users:read?", "user", user, "error", err)
	}
	return reader{user, guest}
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
		return cards.Sorry("Project " + id.String() + " can't be asked right now: Temporal or its worker does not answer. Please try again in a minute.")
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

// nearest returns the word for which another one was meant; empty if there is none.
func nearest(word string, words ...string) string {
	best, fewest := "", 3
	for _, candidate := range words {
		if n := distance(word, candidate); n < fewest {
			best, fewest = candidate, n
		}
	}
	return best
}

// distance counts the errors between two words: a letter that is added, missing, wrong, or swapped with the next.
func distance(a, b string) int {
	if d := len(a) - len(b); d > 2 || d < -2 {
		return 3 // more than nearest accepts
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
		for j := range rows[i] {
			if i == 0 {
				rows[i][j] = j
			}
			if i == 0 || j == 0 {
				continue
			}
			wrong := 1
			if a[i-1] == b[j-1] {
				wrong = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

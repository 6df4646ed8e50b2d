package ingress

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/slack-go/slack"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// parsePayload reads the body of an interaction: a form whose one field holds JSON.
func parsePayload(body []byte) (p slack.InteractionCallback, err error) {
	defer func() {
		if r := recover(); r != nil { // slack-go's decoders have panicked on odd input before
			err = fmt.Errorf("the payload is odd: %v", r)
		}
	}()
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("payload") == "" {
		return p, errors.New("the body is not a form with a payload")
	}
	if err := json.Unmarshal([]byte(form.Get("payload")), &p); err != nil {
		return p, errors.New("the payload is not one of Slack's") // its own text may hold parts of it
	}
	return p, nil
}

// person is who clicked, and where they are told when it did not count.
type person struct {
	user     string
	team     string // the workspace that the payload comes from
	userTeam string // the person's own workspace; empty where Slack does not tell
	channel  string
}

func personOf(p slack.InteractionCallback) person {
	return person{user: p.User.ID, team: p.Team.ID, userTeam: p.User.TeamID, channel: p.Channel.ID}
}

// ours finds the button of ours among the actions of a click; nil where there is none.
func ours(p slack.InteractionCallback) *slack.BlockAction {
	for _, a := range p.ActionCallback.BlockActions {
		if a == nil {
			continue
		}
		if _, ok := cards.VerdictOf(a.ActionID); ok {
			return a
		}
	}
	return nil
}

// readButton reads what a button is bound to. One that names a workflow of another project, or none of a
// project's, is not ours.
func readButton(value string) (cards.Button, error) {
	b, err := cards.DecodeButton(value)
	if err != nil {
		return cards.Button{}, err
	}
	if !strings.HasPrefix(b.Workflow, workflows.ProjectWorkflowID(b.Project)+"-") {
		return cards.Button{}, errors.New("the button names a workflow of another project")
	}
	return b, nil
}

// clickID is the same for the same click, however often Slack or anyone sends it.
func clickID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// decisionOf is what a click on b decides, but for who and when.
func decisionOf(b cards.Button, verdict cards.Verdict, click string) workflows.Decision {
	return workflows.Decision{Click: click, Verdict: verdict, Generation: b.Generation, Amount: b.Amount, UpTo: b.UpTo, Revision: b.Revision, From: cards.FromSlack}
}

// project names the project of an answer; the ingress knows its id only.
func project(id prodege.ProjectID) cards.Project { return cards.Project{ID: id} }

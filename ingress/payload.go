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
	"fieldmarshal/project"
)

// parsePayload parses the body of an interaction: a form with one field that contains JSON.
func parsePayload(body []byte) (p slack.InteractionCallback, err error) {
	defer func() {
		if r := recover(); r != nil { // slack-go's decoders have panicked on malformed input before
			err = fmt.Errorf("the payload is malformed: %v", r)
		}
	}()
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("payload") == "" {
		return p, errors.New("the body is not a form with a payload")
	}
	if err := json.Unmarshal([]byte(form.Get("payload")), &p); err != nil {
		return p, errors.New("the payload is not one of Slack's") // the error's text may contain parts of it
	}
	return p, nil
}

// person is the person who clicked, and the workspace that the click comes from.
type person struct {
	user       string
	team       string // the workspace; empty if the app is installed for a whole organization
	enterprise string // the organization, if there is one
	userTeam   string // the person's own workspace; empty if unknown
}

func personOf(p slack.InteractionCallback) person {
	return person{user: p.User.ID, team: p.Team.ID, enterprise: p.Enterprise.ID, userTeam: p.User.TeamID}
}

// isFrom reports whether the click comes from the workspace team, or from any workspace of the organization if team is one. If
// the app is installed for a whole organization Slack sends that instead of a workspace; then the person's own workspace
// decides.
func (p person) isFrom(team string) bool {
	if isOrganization(team) {
		return p.enterprise == team
	}
	return p.team == team || p.team == "" && p.enterprise != "" && p.userTeam == team
}

// ourAction returns the first known button among the actions of a click; nil if there is none.
func ourAction(p slack.InteractionCallback) *slack.BlockAction {
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

// clickID returns the same id for the same click, however often it is sent.
func clickID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// decisionOf returns the decision of a click on a button. decide adds who clicked and when.
func decisionOf(b cards.Button, verdict project.Verdict, click string) project.Decision {
	d := project.Decision{ID: click, Of: project.OfCPI, Verdict: verdict, Request: b.Request, Generation: b.Generation, Amount: b.Amount, UpTo: b.UpTo,
		Revision: b.Revision, From: project.FromSlack}
	switch {
	case b.Revision > 0:
		d.Of = project.OfInvoice
	case b.OfAction():
		d.Of = project.OfAction
	}
	return d
}

func messageTS(p slack.InteractionCallback) string {
	if p.Container.MessageTs != "" {
		return p.Container.MessageTs
	}
	return p.Message.Timestamp
}

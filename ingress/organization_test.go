package ingress

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"fieldmarshal/cards"
)

// ofOrganization makes the token one of the organization E0SIM.
func ofOrganization(o *Options) {
	o.Team = func(context.Context) (string, error) { return "E0SIM", nil }
}

// TestAnOrganizationsToken: for a token that is valid in a whole organization auth.test returns that instead of a workspace;
// then exactly the organization's members belong to us.
func TestAnOrganizationsToken(t *testing.T) {
	value, err := cards.Button{Project: theProject, Request: pauseID, Generation: 2}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	guest := func(guest bool, err error) func(*Options) {
		return func(o *Options) {
			o.Anyone, o.Guest = true, func(context.Context, string) (bool, error) { return guest, err }
		}
	}
	listed := func(*Options) {}
	const ours, other = `"enterprise":{"id":"E0SIM"},"user":{"id":"U0ANN","team_id":"T2"}`, `"enterprise":{"id":"E1"},"user":{"id":"U0ANN","team_id":"T2"}`
	for name, c := range map[string]struct {
		from   string
		change func(*Options)
		counts bool
	}{
		"a workspace of it":         {`"team":{"id":"T2"},` + ours, listed, true},
		"no workspace told":         {`"team":null,` + ours, listed, true},
		"another organization":      {`"team":{"id":"T2"},` + other, listed, false},
		"no organization":           {`"team":{"id":"T2"},"enterprise":null,"user":{"id":"U0ANN","team_id":"T2"}`, listed, false},
		"anyone, one of us":         {`"team":{"id":"T2"},` + ours, guest(false, nil), true},
		"anyone, a guest":           {`"team":{"id":"T2"},` + ours, guest(true, nil), false},
		"anyone, Slack doesn't say": {`"team":{"id":"T2"},` + ours, guest(true, errors.New("missing_scope")), false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, ofOrganization, c.change)
			w.interact(`{"type":"block_actions",` + c.from + `,"channel":{"id":"C0APPROVE"},"container":{"message_ts":"1.2"},"actions":[{"type":"button","action_id":"cpi_approve","block_id":"b","value":"` + value + `","action_ts":"3.4"}]}`)
			w.in.Wait()
			if (len(w.temporal.decided()) == 1) != c.counts {
				t.Errorf("decided %+v, told %q", w.temporal.decided(), w.told("U0ANN"))
			}
		})
	}
}

func TestAnOrganizationsCommand(t *testing.T) {
	w := newWorld(t, ofOrganization)
	for enterprise, answered := range map[string]bool{"E0SIM": true, "E1": false, "": false} {
		m := w.in.answerCommand(t.Context(), url.Values{"command": {"/fieldmarshal"}, "team_id": {"T2"}, "enterprise_id": {enterprise}, "user_id": {"U0ANN"}, "text": {"help"}})
		if strings.Contains(m.Text, "only works in the workspace") == answered {
			t.Errorf("from organization %q: %s", enterprise, m.Text)
		}
	}
}

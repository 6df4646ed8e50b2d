package operator

import (
	"crypto/rand"
	"fmt"

	"github.com/spf13/cobra"

	"fieldmarshal/prodege"
	"fieldmarshal/workflows"
)

// Watched is what watch answers in JSON.
type Watched struct {
	Project  prodege.ProjectID `json:"project_id"`
	Workflow string            `json:"workflow"`
	Asks     bool              `json:"asks_prodege"` // false: no PRODEGE_API_KEY, so only webhooks will tell of it
	Link     string            `json:"link"`
}

func (o Options) watch() *cobra.Command {
	return o.about("watch <project>", (*call).watch)
}

func (c *call) watch(id prodege.ProjectID) error {
	ctx, cancel := c.within()
	defer cancel()
	now := c.now().UTC()
	event := prodege.Event{ID: prodege.EventID("watch-" + rand.Text()), Time: now, ProjectID: id, Source: prodege.FromCommand, Received: now}
	if err := c.world.Flows.Deliver(ctx, event); err != nil {
		return c.explained(err, fmt.Sprintf("watch project %s", id))
	}
	workflow := workflows.ProjectID(id)
	w := Watched{Project: id, Workflow: workflow, Asks: c.world.Prodege != nil, Link: c.world.UILink(workflow)}
	return c.show(w, func(p *page) {
		p.line("Project %s is watched: %s", id, w.Link)
		if !w.Asks {
			p.line("PRODEGE_API_KEY is not set here. If the worker has none either, Prodege can't be asked, and only its webhooks will tell the project's state.")
		}
	})
}

package operator

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
	"fieldmarshal/workflows"
)

// OpenProjects finds the projects whose workflow is open.
const OpenProjects = "WorkflowType = '" + workflows.TypeProject + "' AND ExecutionStatus = 'Running'"

// maxMatches is how many projects are listed if a search fits several.
const maxMatches = 5

// project reads the first argument: an id, or else the PO number or words of the name of one open project. Whoever
// decides has to say which project by its id.
func (c *call) project(looks bool) (prodege.ProjectID, error) {
	text := c.args[0]
	if id, err := prodege.TypedProjectID(text); err == nil {
		return id, nil
	}
	found, unasked, err := c.search(text)
	switch {
	case err != nil:
		return 0, err
	case len(found) == 1 && !looks:
		return 0, usageError("%s needs the id of a project: %q is %s", name(c.cmd), text, called(found[0]))
	case len(found) == 1:
		c.note("%q is project %s", text, called(found[0]))
		return found[0].Project, nil
	case len(found) > 1:
		var list []string
		for _, r := range found[:min(len(found), maxMatches)] {
			list = append(list, called(r))
		}
		return 0, noEffect("%q matches %d open projects, such as %s: give the id of one", text, len(found), strings.Join(list, "; "))
	case unasked > 0:
		return 0, failed("%q is not the id of a project, and %d open projects do not say what they are called: give an id, such as 29303649, or see that a worker runs", text, unasked)
	}
	return 0, noEffect("%q is not the id of a project (a number, such as 29303649), and no open project has it as its PO number or in its name", text)
}

// called is a project with its id, name and PO number.
func called(r Row) string {
	return r.Project.String() + bracketed(joined(", ", r.Name, r.PONumber))
}

// search finds the open projects that are called so: those of that very PO number if there are any. unasked is how
// many do not say what they are called.
func (c *call) search(text string) (found []Row, unasked int, err error) {
	ctx, cancel := c.within()
	defer cancel()
	rows, _, err := c.world.Temporal.List(ctx, OpenProjects, mostListed)
	if err != nil {
		return nil, 0, c.explained(err, "search the open projects")
	}
	c.complete(rows)
	var exact []Row
	for _, r := range rows {
		exactly, loosely := (project.Name{Name: r.Name, PONumber: r.PONumber}).Called(text)
		switch {
		case r.Name+r.PONumber == "":
			unasked++
		case exactly:
			exact = append(exact, r)
		case loosely:
			found = append(found, r)
		}
	}
	if exact != nil {
		return exact, unasked, nil
	}
	return found, unasked, nil
}

// unknownProject says that no workflow has an id, which may be meant as a PO number.
func (c *call) unknownProject(id prodege.ProjectID) error {
	meant := ""
	if found, _, err := c.search(id.String()); err == nil && len(found) == 1 && found[0].PONumber == id.String() {
		meant = fmt.Sprintf(", but %s is the PO number of project %s", id, called(found[0]))
	}
	return noEffect("project %s is not known here%s: no event of it has come, or it closed longer ago than Temporal remembers. `fieldmarshal watch %s` opens it", id, meant, id)
}

// completeTime bounds what shell completion waits for Temporal: a person has just pressed a key.
const completeTime = time.Second

// completeProjects offers the ids of open projects, each with what its list says of it.
func (o Options) completeProjects(cmd *cobra.Command, args []string, typed string) (list []string, _ cobra.ShellCompDirective) {
	if len(args) > 0 || o.Open == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	world, done, err := o.Open(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer done()
	ctx, cancel := context.WithTimeout(cmd.Context(), completeTime)
	defer cancel()
	rows, _, err := world.Temporal.List(ctx, OpenProjects, mostListed)
	for _, r := range rows {
		if id := r.Project.String(); err == nil && strings.HasPrefix(id, typed) {
			list = append(list, id+"\t"+Printable(oneLine.Replace(r.Summary)))
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

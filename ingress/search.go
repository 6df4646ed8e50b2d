package ingress

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

const (
	searchTimeout = 1300 * time.Millisecond // leaves time to ask the project that was found
	maxMatches    = 5                       // projects that are listed if a search matches several
	askAtOnce     = 8                       // projects
)

// Directory lists open projects. It needs no worker.
type Directory interface {
	// Waiting lists all projects that wait for a person, oldest first.
	Waiting(ctx context.Context) ([]OpenItem, error)
	// Open lists all open projects, newest first.
	Open(ctx context.Context) ([]prodege.ProjectID, error)
}

// statusByName shows the open project that matches a PO number or part of a name, if there is only one.
func (in *Ingress) statusByName(ctx context.Context, who reader, text string) cards.Message {
	found, unasked, err := in.find(ctx, text)
	switch {
	case err != nil:
		return cards.Sorry("Projects can't be searched right now: Temporal does not answer. " +
			"Please try again in a minute, or ask with the project's id.")
	case len(found) == 1:
		return in.status(ctx, who, found[0].ID.String())
	case len(found) > 1:
		return cards.Sorry(severalMatch(text, found))
	case unasked > 0:
		return cards.Sorry(fmt.Sprintf("No project was found for “%s”, but %d of the open ones did not answer in time. "+
			"Please try again, or ask with the project's id.", text, unasked))
	}
	return cards.Sorry("No open project has “" + text + "” as its PO number or in its name. An id is a number, such as 29303649.")
}

// severalMatch lists the first projects that match a search.
func severalMatch(text string, found []project.Name) string {
	var list []string
	for _, n := range found[:min(len(found), maxMatches)] {
		part := n.ID.String()
		if n.Name != "" {
			part += fmt.Sprintf(" %.40s", n.Name)
		}
		if n.PONumber != "" {
			part += fmt.Sprintf(" (%.20s)", n.PONumber)
		}
		list = append(list, part)
	}
	if n := len(found) - maxMatches; n > 0 {
		list = append(list, fmt.Sprintf("and %d more", n))
	}
	return fmt.Sprintf("“%.40s” matches %d open projects: %s. Ask with the id of one.", text, len(found), strings.Join(list, "; "))
}

// find returns the open projects that match a text: those with exactly that PO number if there are any, or else those whose
// name or PO number contains every word of it. unasked is how many projects did not return their names in time.
func (in *Ingress) find(ctx context.Context, text string) (found []project.Name, unasked int, err error) {
	if in.options.Directory == nil {
		return nil, 0, errors.New("there is no directory of open projects")
	}
	ctx, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel()
	ids, err := in.options.Directory.Open(ctx)
	if err != nil {
		in.log.Warn("the open projects could not be listed", "error", err)
		return nil, 0, err
	}
	var unknown []prodege.ProjectID
	for _, id := range ids {
		if _, known := in.names.get(id); !known {
			unknown = append(unknown, id)
		}
	}
	in.ask(ctx, unknown, func(int, *project.State) {})
	var exact []project.Name
	for _, id := range ids {
		name, known := in.names.get(id)
		exactly, loosely := name.Called(text)
		switch {
		case !known:
			unasked++
		case exactly:
			exact = append(exact, name)
		case loosely:
			found = append(found, name)
		}
	}
	if len(exact) > 0 {
		return exact, unasked, nil
	}
	return found, unasked, nil
}

// ask queries projects concurrently, as many as answer in time. It remembers their names, and passes the state of the nth to
// got.
func (in *Ingress) ask(ctx context.Context, ids []prodege.ProjectID, got func(n int, s *project.State)) {
	var asking errgroup.Group
	asking.SetLimit(askAtOnce)
	for n, id := range ids {
		asking.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			s, err := in.options.Workflows.Project(ctx, id)
			if err != nil {
				return nil
			}
			name := s.Name
			name.ID = id
			in.names.put(id, name)
			got(n, s)
			return nil
		})
	}
	_ = asking.Wait() // none fails
}

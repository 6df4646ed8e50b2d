package ingress

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"fieldmarshal/cards"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

const (
	searchTimeout = 1300 * time.Millisecond // leaves time to ask the project that was found
	nameFor       = 10 * time.Minute        // how long a name is remembered, so that the next search asks fewer projects
	maxNames      = 20_000
	maxMatches    = 5 // projects that are listed if a search matches several
)

// names remembers the names of open projects, of which Temporal only knows the ids. It is safe for concurrent use.
type names struct {
	mu    sync.Mutex
	known map[prodege.ProjectID]named
}

type named struct {
	project.Name
	at time.Time
}

func (n *names) get(id prodege.ProjectID, now time.Time) (project.Name, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	known, found := n.known[id]
	return known.Name, found && now.Sub(known.at) < nameFor
}

func (n *names) keep(name project.Name, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known == nil || len(n.known) >= maxNames {
		n.known = map[prodege.ProjectID]named{}
	}
	n.known[name.ID] = named{name, now}
}

// statusByName shows the open project that matches a PO number or part of a name, if there is only one.
func (in *Ingress) statusByName(ctx context.Context, who reader, text string) cards.Message {
	found, unasked, err := in.find(ctx, text)
	switch {
	case err != nil:
		return cards.Sorry("Projects can't be searched right now: Temporal does not answer. Please try again in a minute, or ask with the project's id.")
	case len(found) == 1:
		return in.status(ctx, who, found[0].ID.String())
	case len(found) > 1:
		return cards.Sorry(severalMatch(text, found))
	case unasked > 0:
		return cards.Sorry(fmt.Sprintf("No project was found for “%s”, but %d of the open ones did not answer in time. Please try again, or ask with the project's id.", text, unasked))
	}
	return cards.Sorry("No open project has “" + text + "” as its PO number or in its name. An id is a number, such as 29303649.")
}

// severalMatch lists the first projects that match a search.
func severalMatch(text string, found []project.Name) string {
	var list []string
	for _, n := range found[:min(len(found), maxMatches)] {
		part := n.ID.String()
		if n.Name != "" {
			part += " " + shorten(n.Name, 40)
		}
		if n.PONumber != "" {
			part += " (" + shorten(n.PONumber, 20) + ")"
		}
		list = append(list, part)
	}
	more := ""
	if n := len(found) - maxMatches; n > 0 {
		more = fmt.Sprintf("; and %d more", n)
	}
	return fmt.Sprintf("“%s” matches %d open projects: %s%s. Ask with the id of one.", shorten(text, 40), len(found), strings.Join(list, "; "), more)
}

func shorten(text string, maxRunes int) string {
	if r := []rune(text); len(r) > maxRunes {
		return string(r[:maxRunes-1]) + "…"
	}
	return text
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
	in.learnNames(ctx, ids)
	var exact []project.Name
	for _, id := range ids {
		name, known := in.names.get(id, in.now())
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

// learnNames asks projects whose names are unknown for them, as many as answer in time.
func (in *Ingress) learnNames(ctx context.Context, ids []prodege.ProjectID) {
	var asking errgroup.Group
	asking.SetLimit(askAtOnce)
	for _, id := range ids {
		if _, known := in.names.get(id, in.now()); known || ctx.Err() != nil {
			continue
		}
		asking.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			if s, err := in.options.Workflows.Project(ctx, id); err == nil {
				in.rememberName(id, s)
			}
			return nil
		})
	}
	_ = asking.Wait() // none fails
}

func (in *Ingress) rememberName(id prodege.ProjectID, s *project.State) project.Name {
	name := s.Name
	name.ID = id
	in.names.keep(name, in.now())
	return name
}

package cards

import (
	"fmt"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

const (
	// digestListed is how many pauses a digest lists; the others are counted. Forty lines of at most 250
	// characters stay within what Slack takes in all blocks together.
	digestListed = 40
	digestLine   = 250
	digestLines  = 10 // in one section
)

// digest words many pauses in one message, a line each.
type digest struct{ *project.Digest }

func (d digest) message() Message {
	var l layout
	count := len(d.Items) + d.More
	title := number(int64(count)) + " projects paused"
	if count == 1 {
		title = "1 project paused"
	}
	l.header("⏸️ " + title)
	l.section("They paused faster than Slack accepts messages, so they share one message. Each gets messages of its own again as soon as something changes.")
	listed := d.Items[:min(len(d.Items), digestListed)]
	for from := 0; from < len(listed); from += digestLines {
		var part []string
		for _, item := range listed[from:min(from+digestLines, len(listed))] {
			part = append(part, digestItem(item))
		}
		l.section(part...)
	}
	more := ""
	if rest := count - len(listed); rest > 0 {
		more = fmt.Sprintf("and %s more: the Temporal UI lists them all (ProjectStatus = “PAUSED”)", number(int64(rest)))
	}
	l.context(more)
	f := project.Frame{UI: d.UI, Simulated: d.Simulated}
	l.frame(f)
	return l.message(f)
}

// digestItem is one pause: which project, for what, since when.
func digestItem(i project.DigestItem) string {
	why := clean(Reason(prodege.Event{Status: prodege.Paused, Reason: i.Reason, Description: i.Description}), 75)
	state := why + " · since " + when(i.Since)
	if i.End != nil {
		state = why + " · over: " + endWords(i.End, i.Since)
	}
	name := nameLine(i.Project)
	if len(name) > 120 { // a long name is cut before it is put together, so that no markup is torn
		name = nameLine(project.Name{ID: i.Project.ID, Name: clean(i.Project.Name, 30)})
	}
	line := dots("• "+name, state, link(i.UI, "Temporal UI"))
	if len(line) > digestLine {
		line = dots("• "+name, state)
	}
	return line
}

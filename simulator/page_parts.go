package simulator

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Part is a part of the program that the page can stop and start again, to show that nothing is lost.
type Part struct {
	ID, Name string
	Stopped  func() bool
	Stop     func(context.Context) error
	Start    func(context.Context) error
}

// partView is a part as the page shows it.
type partView struct {
	ID, Name string
	Stopped  bool
}

// partLimit is how long stopping or starting a part may take.
const partLimit = time.Minute

func (p *page) partViews() (views []partView) {
	for _, part := range p.Parts {
		views = append(views, partView{part.ID, part.Name, part.Stopped()})
	}
	return views
}

// unsettled reports whether something on the page may change without anybody telling: a part is stopped, a fault
// is set, or deliveries wait.
func (p *page) unsettled() bool {
	if len(p.activeFaults()) > 0 {
		return true
	}
	for _, part := range p.Parts {
		if part.Stopped() {
			return true
		}
	}
	return p.Waiting != nil && p.Waiting() > 0
}

// turn stops a part, or starts it again.
func (p *page) turn(r *http.Request) (string, error) {
	part := p.part(r.PostForm.Get("part"))
	if part == nil {
		return "", errors.New("there is no such part")
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), partLimit)
	defer cancel()
	defer p.player.tell()
	if r.PostForm.Get("to") == "stop" {
		return part.Name + " is stopped. Send events and click as before, then start it again.", part.Stop(ctx)
	}
	return part.Name + " runs again.", part.Start(ctx)
}

package simulator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"fieldmarshal/prodege"
)

// actions are the page's forms by the last element of their address.
func (p *page) actions() map[string]action {
	out := map[string]action{}
	if p.Slack != nil {
		maps.Copy(out, map[string]action{"click": p.click, "submit": p.submit, "close": p.closeModal, "command": p.command, "home": p.home})
	}
	if p.Prodege != nil {
		maps.Copy(out, map[string]action{"event": p.event, "project": p.newProject, "resend": p.resend})
	}
	out["fault"], out["part"], out["scenario"] = p.fault, p.turn, p.playScenario
	return out
}

func (p *page) click(r *http.Request) (string, error) {
	f := r.PostForm
	c := Click{User: f.Get("as"), Channel: f.Get("channel"), TS: f.Get("ts"), ActionID: f.Get("action"), Home: f.Get("home") != ""}
	before := p.Slack.sight(c.User, c.Channel, c.TS)
	reply, err := p.Slack.Click(r.Context(), c)
	return p.came(r.Context(), before, reply, err)
}

func (p *page) submit(r *http.Request) (string, error) {
	values := map[string]string{}
	for name, v := range r.PostForm {
		if key, found := strings.CutPrefix(name, "v:"); found {
			values[key] = v[0]
		}
	}
	user := r.PostForm.Get("as")
	before := p.Slack.sight(user, "", "")
	out, err := p.Slack.Submit(r.Context(), r.PostForm.Get("view"), user, values)
	if err == nil && out.Action == "errors" {
		return "", sorry("Please look at the marked field.")
	}
	return p.came(r.Context(), before, out.Reply, err)
}

func (p *page) closeModal(r *http.Request) (string, error) {
	p.Slack.CloseView(r.PostForm.Get("view"))
	return "", nil
}

func (p *page) command(r *http.Request) (string, error) {
	f := r.PostForm
	reply, err := p.Slack.Command(r.Context(), f.Get("as"), f.Get("channel"), p.Command, strings.TrimSpace(f.Get("text")))
	return answered(reply, err)
}

func (p *page) home(r *http.Request) (string, error) {
	reply, err := p.Slack.OpenHome(r.Context(), r.PostForm.Get("as"))
	return answered(reply, err)
}

// how reads the choices of a project's form.
func how(f url.Values) How {
	h := How{Encoding: prodege.Encoding(f.Get("encoding")), Pricing: f.Get("pricing") != ""}
	switch f.Get("how") {
	case "twice":
		h.Copies = 2
	case "late":
		h.Time = time.Now().Add(-time.Hour)
	case "lost":
		h.Quiet = true
	case "forged":
		h.Secret = "not-the-secret"
	}
	return h
}

// event sends one of Prodege's events. The answer is waited for a short while only, as Prodege may retry for long.
func (p *page) event(r *http.Request) (string, error) {
	f := r.PostForm
	id, err := prodege.ParseProjectID(f.Get("project"))
	if err != nil {
		return "", err
	}
	send, err := p.sender(id, f)
	if err != nil {
		return "", err
	}
	h := how(f)
	return p.soon(r.Context(), func(ctx context.Context) (Exchange, error) { return send(ctx, h) })
}

type sender func(context.Context, How) (Exchange, error)

// sender gives what sends the event that a form names.
func (p *page) sender(id prodege.ProjectID, f url.Values) (sender, error) {
	note := strings.TrimSpace(f.Get("note"))
	simple := map[string]func(context.Context, prodege.ProjectID, ...How) (Exchange, error){
		"live": p.Prodege.Live, "invoiced": p.Prodege.Invoice, "deleted": p.Prodege.Delete,
	}
	noted := map[string]func(context.Context, prodege.ProjectID, string, ...How) (Exchange, error){
		"pending": p.Prodege.PendingComplete,
		"rejected": func(ctx context.Context, id prodege.ProjectID, note string, how ...How) (Exchange, error) {
			return p.Prodege.RejectReconciliation(ctx, id, or(note, "Two transaction ids are unknown. Please send the file again without them."), how...)
		},
		"complete": func(ctx context.Context, id prodege.ProjectID, note string, how ...How) (Exchange, error) {
			return p.Prodege.Complete(ctx, id, prodege.ReconciliationComplete, note, how...)
		},
		"inactive": func(ctx context.Context, id prodege.ProjectID, _ string, how ...How) (Exchange, error) {
			return p.Prodege.Complete(ctx, id, prodege.CompleteInactive, "", how...)
		},
	}
	event := f.Get("event")
	if send := simple[event]; send != nil {
		return func(ctx context.Context, h How) (Exchange, error) { return send(ctx, id, h) }, nil
	}
	if send := noted[event]; send != nil {
		return func(ctx context.Context, h How) (Exchange, error) { return send(ctx, id, note, h) }, nil
	}
	switch event {
	case "cpi":
		amount, err := prodege.ParseUSD(strings.TrimPrefix(strings.TrimSpace(f.Get("amount")), "$"))
		return func(ctx context.Context, h How) (Exchange, error) { return p.Prodege.PauseForCPI(ctx, id, amount, h) }, err
	case "pause":
		reason, err := strconv.Atoi(f.Get("reason"))
		return func(ctx context.Context, h How) (Exchange, error) {
			return p.Prodege.Pause(ctx, id, prodege.Reason(reason), h)
		}, err
	}
	return nil, errors.New("press the button of an event")
}

func (p *page) resend(r *http.Request) (string, error) {
	for _, e := range p.Prodege.Exchanges() {
		if fmt.Sprintf("x-%d", e.ID) == r.PostForm.Get("exchange") {
			return p.soon(r.Context(), func(ctx context.Context) (Exchange, error) { return p.Prodege.Resend(ctx, e) })
		}
	}
	return "", errors.New("that delivery is no longer kept")
}

// defaultSoon is how long a browser waits for what a delivery is answered; it is some milliseconds, or retries follow.
const defaultSoon = 2 * time.Second

// soon sends, and says what was answered if that comes soon.
func (p *page) soon(ctx context.Context, send func(context.Context) (Exchange, error)) (string, error) {
	ctx = context.WithoutCancel(ctx) // retries go on when the browser has its answer
	type outcome struct {
		e   Exchange
		err error
	}
	done := make(chan outcome, 1)
	go func() { e, err := send(ctx); done <- outcome{e, err} }()
	select {
	case o := <-done:
		switch {
		case o.err != nil:
			return "", o.err
		case len(o.e.Attempts) == 0:
			return "Changed at Prodege; the webhook was not sent.", nil
		case o.e.Status() == 0:
			return "", fmt.Errorf("no answer: %s", o.e.Attempts[len(o.e.Attempts)-1].Error)
		case o.e.Status() != http.StatusOK:
			return "", sorry(fmt.Sprintf("Sent, and refused: the app answered %d %s.", o.e.Status(), http.StatusText(o.e.Status())))
		}
		return "Sent, and answered 200.", nil
	case <-time.After(p.Soon):
		return "", sorry("Sent, and not answered well yet: it is tried again, see the deliveries.")
	}
}

func (p *page) newProject(r *http.Request) (string, error) {
	id, err := prodege.ParseProjectID(r.PostForm.Get("id"))
	if err != nil {
		return "", err
	}
	if _, there := p.Prodege.Project(id); there {
		return "", fmt.Errorf("project %s is there already", id)
	}
	p.Prodege.SetProject(exampleProject(id, or(strings.TrimSpace(r.PostForm.Get("name")), "Project "+id.String())))
	return fmt.Sprintf("Project %s is live.", id), nil
}

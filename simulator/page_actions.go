package simulator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"fieldmarshal/prodege"
)

// slashCommand is the app's, as its manifest names it.
const slashCommand = "/fieldmarshal"

func (p *page) click(r *http.Request) (string, error) {
	f := r.PostForm
	c := Click{User: f.Get("as"), Channel: f.Get("channel"), TS: f.Get("ts"), ActionID: f.Get("action"), Home: f.Get("home") != ""}
	before := p.Slack.sight(c.User, c.Channel, c.TS)
	reply, err := p.Slack.Click(r.Context(), c)
	return p.came(r.Context(), c, before, reply, err)
}

func (p *page) submit(r *http.Request) (string, error) {
	values := map[string]string{}
	for name, v := range r.PostForm {
		if key, found := strings.CutPrefix(name, "v:"); found {
			values[key] = v[0]
		}
	}
	c := Click{User: r.PostForm.Get("as")}
	before := p.Slack.sight(c.User, "", "")
	out, err := p.Slack.Submit(r.Context(), r.PostForm.Get("view"), c.User, values)
	if err == nil && out.Action == "errors" {
		return "", sorry("Please look at the marked field.")
	}
	return p.came(r.Context(), c, before, out.Reply, err)
}

func (p *page) closeModal(r *http.Request) (string, error) {
	p.Slack.CloseView(r.PostForm.Get("view"))
	return "", nil
}

func (p *page) command(r *http.Request) (string, error) {
	f := r.PostForm
	return p.answered(p.Slack.Command(r.Context(), f.Get("as"), f.Get("channel"), slashCommand, strings.TrimSpace(f.Get("text"))))
}

func (p *page) home(r *http.Request) (string, error) {
	return p.answered(p.Slack.OpenHome(r.Context(), r.PostForm.Get("as")))
}

// answered says how the app answered, as Slack would treat it.
func (p *page) answered(reply Reply, err error) (string, error) {
	switch {
	case err != nil:
		return "", err
	case reply.TimedOut:
		return "", fmt.Errorf("the app did not answer within %g seconds", p.Slack.opts.Patience.Seconds())
	case !reply.OK():
		return "", fmt.Errorf("the app answered %d %s", reply.Status, http.StatusText(reply.Status))
	}
	return fmt.Sprintf("Answered in %d ms.", reply.Took.Milliseconds()), nil
}

// sight is what a person sees of what may come of a click.
type sight struct {
	alone string // ts of the newest message to them alone
	modal string // id of the newest modal
	edits int    // of the message that is clicked
}

func (s *Slack) sight(user, channel, ts string) (seen sight) {
	if all := s.Ephemerals(user); len(all) > 0 {
		seen.alone = all[len(all)-1].TS
	}
	if all := s.Views(user); len(all) > 0 {
		seen.modal = all[len(all)-1].ID
	}
	m, _ := s.Message(channel, ts)
	seen.edits = m.Edits
	return seen
}

// opened reports whether there is a modal that was not there before.
func (now sight) opened(before sight) bool { return now.modal != "" && now.modal != before.modal }

// came says what came of a click or a modal: an answer of 200 tells nothing of that.
func (p *page) came(ctx context.Context, c Click, before sight, reply Reply, err error) (string, error) {
	said, err := p.answered(reply, err)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, p.EffectLimit)
	defer cancel()
	var now sight
	err = p.Slack.await(ctx, "what comes of it", func() bool {
		now = p.Slack.sight(c.User, c.Channel, c.TS)
		return now.alone != before.alone || now.opened(before) || now.edits != before.edits
	})
	said = strings.TrimSuffix(said, ".")
	switch {
	case now.alone != before.alone:
		return "", sorry(said + ", with a message to you alone: " + p.Slack.aloneWords(c.User))
	case now.opened(before):
		return said + ", with a modal.", nil
	case err != nil:
		return said + ". What comes of it shows in the messages.", nil
	}
	return said + ", and the message is written anew.", nil
}

// aloneWords are the first sentence of the newest message to a person alone.
func (s *Slack) aloneWords(user string) string {
	all := s.Ephemerals(user)
	first, _, _ := strings.Cut(PlainText(all[len(all)-1]), ". ")
	return "“" + strings.TrimSuffix(first, ".") + ".”"
}

// projectEvents are what the buttons of a project tell.
var projectEvents = map[string]prodege.Event{
	"cpi":      {Status: prodege.Paused, Reason: prodege.RealTimePricing},
	"pause":    {Status: prodege.Paused},
	"live":     {Status: prodege.Live},
	"rejected": {Status: prodege.Paused, Reason: prodege.Other, Description: prodege.DescriptionRejection},
	"pending":  {Status: prodege.PendingComplete, Reason: prodege.ReconciliationTried},
	"complete": {Status: prodege.Complete, Reason: prodege.ReconciliationComplete},
	"inactive": {Status: prodege.Complete, Reason: prodege.CompleteInactive},
	"invoiced": {Status: prodege.Invoiced, Reason: prodege.Other},
	"deleted":  {Status: prodege.Deleted, Reason: prodege.Other},
}

// event sends one of Prodege's events.
func (p *page) event(r *http.Request) (string, error) {
	f := r.PostForm
	event, known := projectEvents[f.Get("event")]
	if !known {
		return "", errors.New("press the button of an event")
	}
	var err error
	if event.ProjectID, err = prodege.ParseProjectID(f.Get("project")); err != nil {
		return "", err
	}
	note := strings.TrimSpace(f.Get("note"))
	switch f.Get("event") {
	case "cpi":
		amount, err := prodege.ParseUSD(strings.TrimPrefix(strings.TrimSpace(f.Get("amount")), "$"))
		if err != nil {
			return "", err
		}
		event.RequiredCPI = &amount
	case "pause":
		reason, err := strconv.Atoi(f.Get("reason"))
		if err != nil {
			return "", err
		}
		event.Reason = prodege.Reason(reason)
	case "rejected":
		event.RejectionNote = cmp.Or(note, "Two transaction ids are unknown. Please send the file again without them.")
	case "pending", "complete":
		event.ReconciliationNote = note
	}
	return p.soon(r.Context(), func(ctx context.Context) (Exchange, error) { return p.Prodege.Tell(ctx, event, how(f)) })
}

// how reads the choices of a project's form.
func how(f url.Values) How {
	h := How{Encoding: prodege.Encoding(f.Get("encoding")), Pricing: f.Get("pricing") != ""}
	switch f.Get("how") {
	case "twice":
		h.Copies = 2
	case "late":
		h.Age = time.Hour
	case "lost":
		h.Quiet = true
	case "forged":
		h.Secret = "not-the-secret"
	}
	return h
}

func (p *page) resend(r *http.Request) (string, error) {
	e := find(p.Prodege.Exchanges(), func(e Exchange) bool { return fmt.Sprintf("x-%d", e.ID) == r.PostForm.Get("exchange") })
	if e == nil {
		return "", errors.New("that delivery is no longer kept")
	}
	return p.soon(r.Context(), func(ctx context.Context) (Exchange, error) { return p.Prodege.Resend(ctx, *e) })
}

// soon sends, and says what was answered if that comes soon: Prodege may try again for long.
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
	p.Prodege.SetProject(exampleProject(id, cmp.Or(strings.TrimSpace(r.PostForm.Get("name")), "Project "+id.String())))
	return fmt.Sprintf("Project %s is live.", id), nil
}

// faultChoice is a fault that the page offers. Its id begins with the name of the stand-in.
type faultChoice struct {
	ID string
	Fault
}

var faultChoices = []faultChoice{
	{"slack-lost", Fault{Name: "Slack: the next post is shown, its answer is lost", Kind: LostAnswer, Method: "chat.postMessage"}},
	{"slack-429", Fault{Name: "Slack: the next 3 posts come too fast (429, 5 s)", Kind: RateLimited, Method: "chat.postMessage", Times: 3, RetryAfter: 5 * time.Second}},
	{"slack-out", Fault{Name: "Slack: the app is removed from the channels until cleared", Kind: AnswerCode, Code: "not_in_channel", Method: "chat.postMessage", Times: -1}},
	{"prodege-100", Fault{Name: "Prodege: the next 3 calls meet maintenance (100)", Kind: AnswerCode, Code: "100", Times: 3}},
	{"prodege-lost", Fault{Name: "Prodege: the next acceptance is done, its answer is lost", Kind: LostAnswer, Method: "project-update"}},
	{"prodege-2014", Fault{Name: "Prodege: the next acceptance is refused (2014)", Kind: AnswerCode, Code: "2014", Method: "project-update"}},
	{"billing-503", Fault{Name: "Billing: the next 3 calls fail (503)", Kind: HTTPStatus, Times: 3}},
}

// fault sets a fault, or clears one or all.
func (p *page) fault(r *http.Request) (string, error) {
	chosen, cleared := r.PostForm.Get("fault"), r.PostForm.Get("clear")
	for _, c := range p.standIns() {
		for _, f := range c.active() {
			if f.Key == cleared {
				c.ClearFaults(f.Key)
				return "Cleared: " + f.Name + ".", nil
			}
		}
		for _, choice := range faultChoices {
			if choice.ID == chosen && strings.HasPrefix(chosen, c.name+"-") {
				c.Inject(choice.Fault)
				return "Set: " + choice.Name + ".", nil
			}
		}
		if cleared == "all" {
			c.ClearFaults()
		}
	}
	switch cleared {
	case "":
		return "", errors.New("there is no such fault")
	case "all":
		return "All faults are cleared.", nil
	}
	return "", errors.New("that fault is over already")
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

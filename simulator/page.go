package simulator

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

//go:embed page
var pageFiles embed.FS

var pageTemplate = template.Must(template.New("").Funcs(template.FuncMap{
	"on":      func(it any, p *pageView) shown { return shown{it, p} },
	"field":   func(b Block, errors map[string]string) field { return field{b, errors[b.BlockID]} },
	"anchor":  messageAnchor,
	"clock":   func(t time.Time) string { return t.Local().Format("15:04:05") },
	"pretty":  pretty,
	"refusal": func(code int) string { return strings.ToLower(codeWords[refusal(code)]) },
}).ParseFS(pageFiles, "page/*.html"))

// shown is something and the page that it is on.
type shown struct {
	It   any
	Page *pageView
}

// field is an input of a modal, and what is wrong with its entry.
type field struct {
	Block Block
	Error string
}

// PageOptions say what the page shows. What is nil is left out: with a real Slack, for instance, Slack. A Breath of 0
// is 1.2 s, a StepLimit of 0 a minute.
type PageOptions struct {
	Stage

	TemporalUI string // "http://localhost:8233"; empty shows no links
	SlackNote  string // if Slack is nil: where its messages are to be seen

	EffectLimit time.Duration // how long the page waits for what comes of a click; 0.7 s if 0
	Soon        time.Duration // how long the page waits for the answer to a delivery; 2 s if 0
}

// page serves the simulators to a browser.
type page struct {
	PageOptions
	player player
}

// Page is the stand-ins' page: Prodege's projects with buttons for its events, Slack's channels with working
// buttons and modals as whoever one chooses to be, and what billing was sent. It follows every change by server-sent
// events. Addresses in it are relative, so that it can be
// mounted anywhere that ends with a slash. It is for one person on one machine: it asks nobody who they are.
func Page(opts PageOptions) http.Handler {
	opts.Breath = cmp.Or(opts.Breath, 1200*time.Millisecond)
	opts.StepLimit = cmp.Or(opts.StepLimit, time.Minute)              // a second or two are usual, and some more after a restart
	opts.EffectLimit = cmp.Or(opts.EffectLimit, 700*time.Millisecond) // the app answers first and writes then, in some milliseconds
	opts.Soon = cmp.Or(opts.Soon, 2*time.Second)                      // an answer takes some milliseconds, or retries follow
	opts.TemporalUI = strings.TrimSuffix(opts.TemporalUI, "/")
	p := &page{PageOptions: opts}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.show)
	mux.HandleFunc("GET /events", p.events)
	mux.HandleFunc("GET /archives/{channel}/{ts}", p.permalink)
	for _, name := range []string{"page.css", "page.js"} {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) {
			http.ServeFileFS(w, r, pageFiles, "page/"+name)
		})
	}
	for name, do := range p.actions() {
		mux.HandleFunc("POST /do/"+name, func(w http.ResponseWriter, r *http.Request) { answerAction(w, r, do) })
	}
	return http.NewCrossOriginProtection().Handler(secured(mux)) // another site's page must not press these buttons
}

func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func (p *page) show(w http.ResponseWriter, r *http.Request) {
	var b bytes.Buffer
	if err := pageTemplate.ExecuteTemplate(&b, "page.html", p.view(r.FormValue("as"))); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes())
}

// permalink leads from a message's address to where it stands on the page, for SlackOptions.TeamURL set to
// the page's own address.
func (p *page) permalink(w http.ResponseWriter, r *http.Request) {
	at := messageAnchor(r.PathValue("channel"), strings.TrimPrefix(r.PathValue("ts"), "p"))
	http.Redirect(w, r, "../../#"+url.PathEscape(at), http.StatusFound)
}

// standIns are those that the page shows.
func (p *page) standIns() (out []*counterparty) {
	if p.Slack != nil {
		out = append(out, &p.Slack.counterparty)
	}
	if p.Prodege != nil {
		out = append(out, &p.Prodege.counterparty)
	}
	if p.Billing != nil {
		out = append(out, &p.Billing.counterparty)
	}
	return out
}

// events tells the browser that something changed; it then asks for the page anew.
func (p *page) events(w http.ResponseWriter, r *http.Request) {
	flush := http.NewResponseController(w)
	_ = flush.SetWriteDeadline(time.Time{}) // a stream has no end
	w.Header().Set("Content-Type", "text/event-stream")
	changes := make(chan struct{}, 1)
	p.player.relay(r.Context(), changes)
	for _, c := range p.standIns() {
		c.relay(r.Context(), changes)
	}
	for said := "retry: 1000\ndata: hello\n\n"; ; said = "data: changed\n\n" {
		if _, err := fmt.Fprint(w, said); err != nil || flush.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-changes:
		case <-time.After(p.pace()):
		}
	}
}

// relay passes changes on until ctx ends, those that follow one another closely as one.
func (n *news) relay(ctx context.Context, to chan<- struct{}) {
	changed := n.Changed()
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-changed:
			}
			changed = n.Changed() // before it is passed on, so that nothing falls between
			select {
			case to <- struct{}{}:
			default: // one is waiting already
			}
		}
	}()
}

// pace is how often the page looks by itself: now and then as a sign of life, so that proxies keep the connection, and
// often while something may change without anybody telling.
func (p *page) pace() time.Duration {
	if len(p.stoppedParts())+len(p.activeFaults()) > 0 || p.Waiting != nil && p.Waiting() > 0 {
		return time.Second
	}
	return 30 * time.Second
}

// action does what a form asks and says what came of it, in a sentence for the person.
type action func(r *http.Request) (string, error)

// actions are the page's forms by the last element of their address.
func (p *page) actions() map[string]action {
	out := map[string]action{"fault": p.fault, "part": p.turn, "scenario": p.playScenario}
	if p.Slack != nil {
		maps.Copy(out, map[string]action{"click": p.click, "submit": p.submit, "close": p.closeModal, "command": p.command, "home": p.home})
	}
	if p.Prodege != nil {
		maps.Copy(out, map[string]action{"event": p.event, "project": p.newProject, "resend": p.resend})
	}
	return out
}

// sorry is a whole sentence for the person about what they did and what did not come of it.
type sorry string

func (s sorry) Error() string { return string(s) }

// answerAction answers a form with JSON for the page's script.
func answerAction(w http.ResponseWriter, r *http.Request, do action) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	said, err := "", r.ParseForm()
	if err == nil {
		said, err = do(r)
	}
	var whole sorry
	switch {
	case errors.As(err, &whole):
		said = string(whole)
	case err != nil:
		said = "That did not work: " + err.Error()
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(encode(object{"ok": err == nil, "said": said}))
}

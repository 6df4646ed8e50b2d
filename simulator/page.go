package simulator

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"
)

//go:embed page
var pageFiles embed.FS

var pageTemplate = template.Must(template.New("").Funcs(template.FuncMap{
	"args": func(m messageView, as string) messageArgs { return messageArgs{m, as} },
	"card": func(v projectView, p *pageView) projectCard { return projectCard{v, p} },
}).ParseFS(pageFiles, "page/*.html"))

// messageArgs is a message and who looks at it.
type messageArgs struct {
	M  messageView
	As string
}

// projectCard is a project and the page that it is on.
type projectCard struct {
	Project projectView
	Page    *pageView
}

// PageOptions say what the page shows. What is nil is left out: with a real Slack, for instance, Slack. A Breath of 0
// is 1.2 s, a StepLimit of 0 a minute.
type PageOptions struct {
	Stage

	TemporalUI string // "http://localhost:8233"; empty shows no links
	Namespace  string // default "default"
	SlackNote  string // if Slack is nil: where its messages are to be seen

	Command string // the slash command that the page offers; default "/fieldmarshal"

	EffectLimit time.Duration // how long the page waits for what comes of a click; 0.7 s if 0
	Soon        time.Duration // how long the page waits for the answer to a delivery; 2 s if 0
}

// page serves the simulators to a browser.
type page struct {
	PageOptions
	player player
}

// Page is the stand-ins' page: Prodege's projects with buttons for its events, Slack's channels with working
// buttons and modals as whoever one chooses to be, and what billing was sent. It works without JavaScript,
// and with it follows every change by server-sent events. Addresses in it are relative, so that it can be
// mounted anywhere that ends with a slash. It is for one person on one machine: it asks nobody who they are.
func Page(opts PageOptions) http.Handler {
	opts.Namespace, opts.Command = or(opts.Namespace, "default"), or(opts.Command, "/fieldmarshal")
	if opts.Breath == 0 {
		opts.Breath = defaultBreath
	}
	if opts.StepLimit == 0 {
		opts.StepLimit = defaultStepLimit
	}
	if opts.EffectLimit == 0 {
		opts.EffectLimit = defaultEffectLimit
	}
	if opts.Soon == 0 {
		opts.Soon = defaultSoon
	}
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
	if err := pageTemplate.ExecuteTemplate(&b, "page.html", p.view(r.URL.Query())); err != nil {
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

// events tells the browser that something changed; it then asks for the page anew.
func (p *page) events(w http.ResponseWriter, r *http.Request) {
	flush := http.NewResponseController(w)
	_ = flush.SetWriteDeadline(time.Time{}) // a stream has no end
	w.Header().Set("Content-Type", "text/event-stream")
	ctx := r.Context()
	scenes := p.player.Subscribe(ctx)
	var slack, supplier, billing <-chan struct{}
	if p.Slack != nil {
		slack = p.Slack.Subscribe(ctx)
	}
	if p.Prodege != nil {
		supplier = p.Prodege.Subscribe(ctx)
	}
	if p.Billing != nil {
		billing = p.Billing.Subscribe(ctx)
	}
	for said := "retry: 1000\ndata: hello\n\n"; ; said = "data: changed\n\n" {
		if _, err := fmt.Fprint(w, said); err != nil || flush.Flush() != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-slack:
		case <-supplier:
		case <-billing:
		case <-scenes:
		case <-time.After(p.pace()):
		}
	}
}

// pace is how often the page looks by itself: now and then as a sign of life, so that proxies keep the
// connection, and often while a part is stopped.
func (p *page) pace() time.Duration {
	if p.unsettled() {
		return time.Second
	}
	return 30 * time.Second
}

// action does what a form asks and says what came of it, in a sentence for the person.
type action func(r *http.Request) (string, error)

// answerAction answers a form: with JSON for the page's script, else by going back to the page.
func answerAction(w http.ResponseWriter, r *http.Request, do action) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	said, err := "", r.ParseForm()
	if err == nil {
		said, err = do(r)
	}
	if err != nil {
		said = bad(err)
	}
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"ok": err == nil, "said": said})
		return
	}
	back := url.Values{"as": {r.PostForm.Get("as")}, "said": {said}}
	if err != nil {
		back.Set("bad", "1")
	}
	http.Redirect(w, r, "../?"+back.Encode(), http.StatusSeeOther)
}

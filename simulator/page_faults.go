package simulator

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// faultChoice is a fault that the page offers.
type faultChoice struct {
	ID, Name string
	of       *faults
	fault    Fault
}

func (p *page) faultChoices() []faultChoice {
	var out []faultChoice
	if s := p.Slack; s != nil {
		out = append(out,
			faultChoice{"slack-lost", "Slack: the next post is shown, its answer is lost", &s.faults, Fault{Kind: LostAnswer, Method: "chat.postMessage"}},
			faultChoice{"slack-429", "Slack: the next 3 posts come too fast (429, 5 s)", &s.faults, Fault{Kind: RateLimited, Method: "chat.postMessage", Times: 3, RetryAfter: 5 * time.Second}},
			faultChoice{"slack-out", "Slack: the app is removed from the channels until cleared", &s.faults, Fault{Kind: AnswerCode, Code: "not_in_channel", Method: "chat.postMessage", Times: -1}})
	}
	if s := p.Prodege; s != nil {
		out = append(out,
			faultChoice{"prodege-100", "Prodege: the next 3 calls meet maintenance (100)", &s.faults, Fault{Kind: AnswerCode, Code: "100", Times: 3}},
			faultChoice{"prodege-lost", "Prodege: the next acceptance is done, its answer is lost", &s.faults, Fault{Kind: LostAnswer, Method: "project-update"}},
			faultChoice{"prodege-2014", "Prodege: the next acceptance is refused (2014)", &s.faults, Fault{Kind: AnswerCode, Code: "2014", Method: "project-update"}})
	}
	if s := p.Billing; s != nil {
		out = append(out, faultChoice{"billing-503", "Billing: the next 3 calls fail (503)", &s.faults, Fault{Kind: HTTPStatus, Times: 3}})
	}
	return out
}

// fault sets a fault, or clears one or all.
func (p *page) fault(r *http.Request) (string, error) {
	switch key := r.PostForm.Get("clear"); key {
	case "":
	case "all":
		for _, f := range p.faulty() {
			f.ClearFaults()
		}
		return "All faults are cleared.", nil
	default:
		for _, v := range p.activeFaults() {
			if v.Key == key {
				v.of.drop(v.id)
				return "Cleared: " + v.Name + ".", nil
			}
		}
		return "", errors.New("that fault is over already")
	}
	for _, c := range p.faultChoices() {
		if c.ID == r.PostForm.Get("fault") {
			c.fault.label = c.Name
			c.of.Inject(c.fault)
			return "Set: " + c.Name + ".", nil
		}
	}
	return "", errors.New("there is no such fault")
}

func (p *page) faulty() map[string]*faults {
	out := map[string]*faults{}
	if p.Slack != nil {
		out["slack"] = &p.Slack.faults
	}
	if p.Prodege != nil {
		out["prodege"] = &p.Prodege.faults
	}
	if p.Billing != nil {
		out["billing"] = &p.Billing.faults
	}
	return out
}

// faultView is a fault that is set, as the page shows it.
type faultView struct {
	Key, Name, Left string
	Project         string // empty: whichever
	of              *faults
	id              int
}

// activeFaults are those that wait for a call, the oldest of each stand-in first.
func (p *page) activeFaults() []faultView {
	var out []faultView
	all := p.faulty()
	for _, who := range []string{"slack", "prodege", "billing"} {
		if all[who] == nil {
			continue
		}
		for _, f := range all[who].active() {
			v := faultView{Key: fmt.Sprintf("%s-%d", who, f.id), Name: f.words(), Left: fmt.Sprintf("%d calls left", f.Times), Project: f.Project, of: all[who], id: f.id}
			switch f.Times {
			case 1:
				v.Left = "1 call left"
			case -1:
				v.Left = "until cleared"
			}
			out = append(out, v)
		}
	}
	return out
}

// hindrances are what a scenario may fail by: parts that are stopped and faults that are set, but for those that
// the scenario under way brought about by itself.
func (p *page) hindrances(now *playback) []string {
	var out []string
	own := now != nil && !now.Over
	for _, part := range p.partViews() {
		if part.Stopped && !(own && part.ID == now.Stopped) {
			out = append(out, part.Name+" is stopped")
		}
	}
	for _, f := range p.activeFaults() {
		if !own || f.Project != now.Project.String() {
			out = append(out, f.Name)
		}
	}
	return slices.Compact(out)
}

// words say what a fault does, if nobody gave it a name.
func (f *Fault) words() string {
	if f.label != "" {
		return f.label
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", f.Kind, f.Method, f.Code))
}

// active copies the faults that wait for a call.
func (f *faults) active() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]Fault, 0, len(f.queue))
	for _, q := range f.queue {
		out = append(out, *q)
	}
	return out
}

// drop takes one fault away.
func (f *faults) drop(id int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = slices.DeleteFunc(f.queue, func(q *Fault) bool { return q.id == id })
}

package operator

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/prodege"
)

const (
	statusPath  = "/webhooks/prodege/project-status"
	pricingPath = "/webhooks/prodege/real-time-pricing"

	sendTimeout = 20 * time.Second // Prodege itself gives up after about 14 s
	mostAnswer  = 64 << 10         // bytes shown of an answer
)

// sendFlags are what the command line of send says.
type sendFlags struct {
	url, file, encoding                    string
	pricing, anyway                        bool
	id, project, status, description, at   string
	reason                                 int
	requiredCPI, rejection, reconciliation string
}

// Sent is what send answers in JSON.
type Sent struct {
	URL      string          `json:"url"`
	Encoding string          `json:"encoding"`
	Data     json.RawMessage `json:"data,omitempty"` // what was signed; absent if it is no JSON
	HTTP     int             `json:"http_status"`
	Answer   string          `json:"answer"`
	Accepted bool            `json:"accepted"`

	unusable *unusable // the delivery was authentic, and an event of it could not be used
}

// unusable is the first event of an authentic delivery that can't be used.
type unusable struct {
	ID  prodege.EventID `json:"event_id"` // empty if it has none
	Why string          `json:"error"`
}

var encodings = []string{string(prodege.JSON), string(prodege.JSONString), string(prodege.Form)}

func (o Options) send() *cobra.Command {
	var s sendFlags
	cmd := o.command("send", none, func(c *call) error { return c.send(s) })
	f := cmd.Flags()
	f.StringVar(&s.url, "url", "", "the ingress; the webhook's path is added if there is none (default: HTTP_ADDR on this machine)")
	f.StringVar(&s.file, "file", "", "take the event's JSON from this file; - is the standard input")
	f.StringVar(&s.encoding, "encoding", string(prodege.JSON), "how it is sent: json, json_string or form")
	f.BoolVar(&s.pricing, "pricing", false, "send it as the Real Time Pricing webhook")
	f.BoolVar(&s.anyway, "anyway", false, "send a status that is not known here without asking")
	f.StringVar(&s.project, "project", "", "the project's id")
	f.StringVar(&s.id, "event-id", "", "the event's id (default: a new one)")
	f.StringVar(&s.at, "time", "", "the event's time, such as 2026-03-02T17:00:00Z (default: now)")
	f.StringVar(&s.status, "status", "", "the project's status, such as PAUSED")
	f.IntVar(&s.reason, "reason", 0, "the update_reason, such as 158")
	f.StringVar(&s.description, "description", "", "the description")
	f.StringVar(&s.requiredCPI, "required-cpi", "", "the required CPI in dollars")
	f.StringVar(&s.rejection, "rejection-note", "", "the note of a rejected reconciliation")
	f.StringVar(&s.reconciliation, "reconciliation-note", "", "the note of a reconciliation")
	choices(cmd, "encoding", encodings...)
	choices(cmd, "status", statuses...)
	return cmd
}

func (c *call) send(s sendFlags) error {
	if len(c.world.Facts.SecretKeys) == 0 {
		return usageError("PRODEGE_SECRET_KEY is not set: nothing can be signed")
	}
	if err := oneOf("--encoding", s.encoding, encodings); err != nil {
		return err
	}
	data, err := c.dataOf(s)
	if err != nil {
		return err
	}
	sent := Sent{URL: s.address(c.world.Facts.IngressURL), Encoding: s.encoding}
	if json.Valid(data) {
		sent.Data = data
	}
	contentType, body := prodege.EncodeDelivery(data, c.world.Facts.SecretKeys[0], prodege.Encoding(s.encoding))
	if err := post(c.ctx, &sent, contentType, body); err != nil {
		return failed("send: %w", err)
	}
	err = c.show(sent, func(p *page) {
		p.line("POST %s", sent.URL)
		p.block(string(data))
		p.line("\nHTTP %d", sent.HTTP)
		p.block(sent.Answer)
	})
	switch u := sent.unusable; {
	case err != nil:
		return err
	case sent.Accepted:
		return nil
	case sent.HTTP/100 == 5:
		return failed("the ingress could not take it; Prodege would send it again")
	case u != nil:
		event := cmp.Or(known("event ", string(u.ID)), "an event without an id")
		return noEffect("the delivery is authentic, but %s can't be used: %s. All others that can be used were accepted; Prodege would not send it again", event, cmp.Or(u.Why, "the ingress does not say why"))
	}
	return noEffect("the ingress refused it; Prodege would not send it again")
}

// checkStatus asks before an event with a status that is not known here: a slip opens a project all the same.
func (c *call) checkStatus(s sendFlags, status prodege.Status) error {
	if status.Known() || s.anyway {
		return nil
	}
	if meant := didYouMean("", string(status), statuses); !c.yes(fmt.Sprintf("Status %q is not known here%s Project %s is opened for it all the same. Send it?", status, cmp.Or(meant, "."), s.project)) {
		return usageError("status %q is not known here%s; nothing was sent (answer yes, or give --anyway)", status, meant)
	}
	return nil
}

// dataOf is the JSON text to sign.
func (c *call) dataOf(s sendFlags) ([]byte, error) {
	if s.file == "" {
		return c.event(s)
	}
	for _, name := range []string{"anyway", "project", "event-id", "time", "status", "reason", "description", "required-cpi", "rejection-note", "reconciliation-note"} {
		if c.cmd.Flags().Changed(name) {
			return nil, usageError("--file and --%s can't go together", name)
		}
	}
	if s.file == "-" {
		data, err := io.ReadAll(c.cmd.InOrStdin())
		return bytes.TrimSpace(data), err
	}
	data, err := os.ReadFile(s.file)
	if err != nil {
		return nil, &Fault{ExitUsage, err}
	}
	return bytes.TrimSpace(data), nil
}

// event makes the event that the flags describe.
func (c *call) event(s sendFlags) ([]byte, error) {
	now := c.now()
	e := prodege.Event{
		ID: prodege.EventID(s.id), Status: prodege.Status(strings.ToUpper(s.status)), Reason: prodege.Reason(s.reason), Description: s.description,
		Time: now, RejectionNote: s.rejection, ReconciliationNote: s.reconciliation,
	}
	var err error
	if e.ProjectID, err = prodege.TypedProjectID(s.project); err != nil {
		return nil, usageError("--project: %w", err)
	}
	if e.Status == "" {
		return nil, usageError("--status is missing")
	}
	if s.at != "" {
		if e.Time, err = time.Parse(time.RFC3339, s.at); err != nil {
			return nil, usageError("--time %q is not a time such as 2026-03-02T17:00:00Z", s.at)
		}
	}
	if e.RequiredCPI, err = optionalUSD("--required-cpi", s.requiredCPI); err != nil {
		return nil, err
	}
	if err := c.checkStatus(s, e.Status); err != nil {
		return nil, err
	}
	if e.ID == "" {
		e.ID = newEventID(now)
	}
	if s.pricing {
		e.Source, e.Pricing = prodege.FromPricing, &prodege.Pricing{}
	}
	e.Time = e.Time.Truncate(time.Second) // as Prodege tells it
	return e.WireJSON(), nil
}

// newEventID looks like one of Prodege's: the seconds since 1970, then chance, in hexadecimal digits.
func newEventID(now time.Time) prodege.EventID {
	var chance [8]byte
	_, _ = rand.Read(chance[:]) // never fails
	return prodege.EventID(fmt.Sprintf("%08x%s", uint32(now.Unix()), hex.EncodeToString(chance[:])))
}

// address is where it is sent.
func (s sendFlags) address(standard string) string {
	url := cmp.Or(s.url, standard)
	if !strings.Contains(url, "://") {
		url = "http://" + url
	}
	path := statusPath
	if s.pricing {
		path = pricingPath
	}
	_, rest, _ := strings.Cut(url, "://")
	if host, own, _ := strings.Cut(rest, "/"); host != "" && own != "" {
		return url
	}
	return strings.TrimSuffix(url, "/") + path
}

// post sends it and reads the answer.
func post(ctx context.Context, sent *Sent, contentType string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, sent.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", contentType)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer))
	if err != nil {
		return err
	}
	var says struct {
		Success bool      `json:"success"`
		Error   *unusable `json:"error"`
	}
	sent.HTTP, sent.Answer = answer.StatusCode, strings.TrimSpace(string(text))
	if answer.StatusCode == http.StatusOK && json.Unmarshal(text, &says) == nil {
		if sent.Accepted = says.Success; !says.Success {
			sent.unusable = says.Error
		}
	}
	return nil
}

package operator

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/prodege"
)

const (
	webhooks    = "/webhooks/prodege/"
	sendTimeout = 20 * time.Second // Prodege itself gives up after about 14 s
	mostAnswer  = 64 << 10         // bytes shown of an answer
)

// sendFlags are what the command line of send says.
type sendFlags struct {
	url, file, encoding              string
	id, project, status, requiredCPI string
	reason                           int
	anyway                           bool
}

// Sent is what send answers in JSON.
type Sent struct {
	URL      string          `json:"url"`
	Encoding string          `json:"encoding"`
	Data     json.RawMessage `json:"data,omitempty"` // what was signed; absent if it is no JSON
	HTTP     int             `json:"http_status"`
	Answer   string          `json:"answer"`
	Accepted bool            `json:"accepted"`
}

func (o Options) send() *cobra.Command {
	s := sendFlags{encoding: string(prodege.JSON)}
	cmd := o.command("send", func(c *call) error { return c.send(s) })
	f := cmd.Flags()
	f.StringVar(&s.url, "url", "", "the ingress, or a webhook of it (default: HTTP_ADDR on this machine)")
	f.StringVar(&s.file, "file", "", "read the event's JSON from this file; - is standard input")
	choice(cmd, &s.encoding, "encoding", "how it is sent, json by default", string(prodege.JSON), string(prodege.JSONString), string(prodege.Form))
	f.StringVar(&s.project, "project", "", "the project's id")
	f.StringVar(&s.id, "event-id", "", "the event's id (default: a new one)")
	f.StringVar(&s.status, "status", "", "the project's status: "+strings.Join(statuses, ", "))
	f.BoolVar(&s.anyway, "anyway", false, "send a status that is not one of these")
	f.IntVar(&s.reason, "reason", 0, "the update_reason, such as 158")
	f.StringVar(&s.requiredCPI, "required-cpi", "", "the required CPI in dollars")
	for _, name := range []string{"project", "event-id", "status", "anyway", "reason", "required-cpi"} {
		cmd.MarkFlagsMutuallyExclusive("file", name)
	}
	return cmd
}

func (c *call) send(s sendFlags) error {
	if len(c.world.Facts.SecretKeys) == 0 {
		return usageError("PRODEGE_SECRET_KEY is not set: nothing can be signed")
	}
	data, err := c.dataOf(s)
	if err != nil {
		return err
	}
	sent := Sent{URL: strings.TrimSuffix(cmp.Or(s.url, c.world.Facts.IngressURL), "/"), Encoding: s.encoding}
	if !strings.Contains(sent.URL, webhooks) {
		sent.URL += webhooks + "project-status"
	}
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
		p.line("")
		p.line("HTTP %d", sent.HTTP)
		p.block(sent.Answer)
	})
	switch {
	case err != nil || sent.Accepted:
		return err
	case sent.HTTP/100 == 5:
		return failed("the ingress could not take it; Prodege would send it again")
	}
	return noEffect("the ingress refused it, or can't use an event of it, as its answer says; Prodege would not send it again")
}

// dataOf is the JSON text to sign.
func (c *call) dataOf(s sendFlags) (data []byte, err error) {
	switch s.file {
	case "":
		return c.event(s)
	case "-":
		data, err = io.ReadAll(c.cmd.InOrStdin())
	default:
		data, err = os.ReadFile(s.file)
	}
	if err != nil {
		return nil, &Fault{ExitUsage, err}
	}
	return bytes.TrimSpace(data), nil
}

// event makes the event that the flags describe.
func (c *call) event(s sendFlags) ([]byte, error) {
	e := prodege.Event{ID: prodege.EventID(s.id), Status: prodege.Status(s.status), Reason: prodege.Reason(s.reason), Time: c.now().Truncate(time.Second)} // as Prodege tells it
	var err error
	if e.ProjectID, err = prodege.TypedProjectID(s.project); err != nil {
		return nil, usageError("--project: %w", err)
	}
	switch i := slices.IndexFunc(statuses, func(known string) bool { return strings.EqualFold(known, s.status) }); {
	case s.status == "":
		return nil, usageError("--status is missing")
	case i >= 0:
		e.Status = prodege.Status(statuses[i])
	case !s.anyway:
		return nil, usageError("--status %q is none of %s%s; --anyway sends it nevertheless", s.status, strings.Join(statuses, ", "), didYouMean("", s.status, statuses))
	}
	if e.RequiredCPI, err = parseUSD("--required-cpi", s.requiredCPI); err != nil {
		return nil, err
	}
	if e.ID == "" { // like one of Prodege's: the seconds since 1970, then chance
		e.ID = prodege.EventID(fmt.Sprintf("%08x%s", e.Time.Unix(), strings.ToLower(rand.Text()[:16])))
	}
	return e.WireJSON(), nil
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
		Success bool `json:"success"`
	}
	sent.HTTP, sent.Answer = answer.StatusCode, strings.TrimSpace(string(text))
	sent.Accepted = sent.HTTP == http.StatusOK && json.Unmarshal(text, &says) == nil && says.Success
	return nil
}

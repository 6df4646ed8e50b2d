package simulator

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"fieldmarshal/prodege"
)

const (
	apiKey    = prodege.Secret("key-1")
	secretKey = prodege.Secret("secret-1")
	someID    = prodege.ProjectID(29303649)
)

func usd(text string) *prodege.USD { u := prodege.MustUSD(text); return &u }

// supplier starts a stand-in with one LIVE project.
func supplier(t *testing.T, change func(*ProdegeOptions)) (*Prodege, *httptest.Server) {
	t.Helper()
	opts := ProdegeOptions{APIKey: apiKey, SecretKey: secretKey, WebhookRetryAfter: []time.Duration{0, 0, 0}}
	if change != nil {
		change(&opts)
	}
	p := NewProdege(opts)
	srv := httptest.NewServer(p.Handler())
	t.Cleanup(func() { srv.Close(); p.Close() })
	p.SetProject(Project{ID: someID, Name: "Coffee", ReferenceID: "PO-7", Status: prodege.Live, CPI: usd("3.50"), MaxCPI: usd("3.75"), SampleSize: 400,
		Quotas: []Quota{{ID: 1, Active: true, Respondents: 400, Completes: 120}}})
	return p, srv
}

// signed adds what every call carries.
func signed(params map[string]string, at time.Time) url.Values {
	all := map[string]string{"apik": apiKey.Reveal(), "request_date": strconv.FormatInt(at.UnixMilli(), 10)}
	for k, v := range params {
		all[k] = v
	}
	all["signature"] = prodege.Sign(secretKey, all)
	values := url.Values{}
	for k, v := range all {
		values.Set(k, v)
	}
	return values
}

func ask(t *testing.T, srv *httptest.Server, path string, values url.Values) map[string]any {
	t.Helper()
	resp, err := http.PostForm(srv.URL+"/prodegemr/"+path, values)
	if strings.Contains(path, "get") || strings.Contains(path, "by-id") {
		resp, err = http.Get(srv.URL + "/prodegemr/" + path + "?" + values.Encode())
	}
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// code is the first error code of an answer, 0 if it succeeded.
func errorCode(out map[string]any) refusal {
	if codes, _ := dig(out, "return_status.error_codes").([]any); len(codes) > 0 {
		return refusal(codes[0].(float64))
	}
	return 0
}

func TestUpdateFollowsTheRules(t *testing.T) {
	for name, c := range map[string]struct {
		project Project
		params  map[string]string
		code    refusal
		status  prodege.Status
		resumed bool
	}{
		"enough":                      {paused("4.25"), map[string]string{"max_cpi": "4.25", "status": "LIVE"}, 0, prodege.Live, true},
		"more than enough":            {paused("4.25"), map[string]string{"max_cpi": "5", "status": "LIVE"}, 0, prodege.Live, true},
		"a cent too little":           {paused("4.25"), map[string]string{"max_cpi": "4.24", "status": "LIVE"}, codeMaxCPITooLow, prodege.Paused, false},
		"live without money":          {paused("4.25"), map[string]string{"status": "LIVE"}, codeMaxCPITooLow, prodege.Paused, false},
		"money alone does not resume": {paused("4.25"), map[string]string{"max_cpi": "9"}, 0, prodege.Paused, false},
		"high enough already":         {paused("3.70"), map[string]string{"status": "LIVE"}, 0, prodege.Live, true},
		"no amount":                   {paused("4.25"), map[string]string{"max_cpi": "four", "status": "LIVE"}, codeInvalidCPI, prodege.Paused, false},
		"what is never sent":          {paused("4.25"), map[string]string{"cpi": "4.25"}, codeInvalidInput, prodege.Paused, false},
		"complete":                    {Project{Status: prodege.Complete}, map[string]string{"status": "LIVE"}, codeComplete, prodege.Complete, false},
		"invoiced":                    {Project{Status: prodege.Invoiced}, map[string]string{"max_cpi": "4"}, codeComplete, prodege.Invoiced, false},
		"pending complete":            {Project{Status: prodege.PendingComplete}, map[string]string{"status": "LIVE"}, codeNotAllowed, prodege.PendingComplete, false},
		"support paused it":           {Project{Status: prodege.Paused, Reason: prodege.SupportAgent}, map[string]string{"status": "LIVE"}, codeNotAllowed, prodege.Paused, false},
		"other pause":                 {Project{Status: prodege.Paused, Reason: prodege.SampleSize}, map[string]string{"status": "LIVE", "sample_size": "500"}, 0, prodege.Live, false},
		"live to complete":            {Project{Status: prodege.Live}, map[string]string{"status": "COMPLETE"}, codeNotAllowed, prodege.Live, false},
		"paused to complete":          {Project{Status: prodege.Paused}, map[string]string{"status": "COMPLETE"}, 0, prodege.Complete, false},
		"unknown status":              {Project{Status: prodege.Live}, map[string]string{"status": "DANCING"}, codeUnknownStatus, prodege.Live, false},
		"live is live already":        {Project{Status: prodege.Live}, map[string]string{"status": "LIVE"}, 0, prodege.Live, false},
	} {
		t.Run(name, func(t *testing.T) {
			p, srv := supplier(t, nil)
			c.project.ID = someID
			p.SetProject(c.project)
			c.params["prodege_project_id"] = someID.String()
			if got := errorCode(ask(t, srv, "project-update", signed(c.params, time.Now()))); got != c.code {
				t.Errorf("code %d, want %d", got, c.code)
			}
			project, _ := p.Project(someID)
			if project.Status != c.status || len(p.Acceptances(someID)) != map[bool]int{true: 1}[c.resumed] {
				t.Errorf("%s with %d acceptances", project.Status, len(p.Acceptances(someID)))
			}
			if c.code != 0 && project.MaxCPI != c.project.MaxCPI {
				t.Error("a refused call changed max_cpi")
			}
			if project.Status == prodege.Live && project.PausedForCPI {
				t.Error("live and paused for CPI")
			}
		})
	}
}

func paused(required string) Project {
	return Project{Status: prodege.Paused, Reason: prodege.RealTimePricing, PausedForCPI: true, RequiredCPI: usd(required), MaxCPI: usd("3.75"), CPI: usd("3.50")}
}

func TestCallsAreChecked(t *testing.T) {
	_, srv := supplier(t, nil)
	good := func() url.Values {
		return signed(map[string]string{"prodege_project_id": someID.String()}, time.Now())
	}
	for name, c := range map[string]struct {
		change func(url.Values) url.Values
		code   refusal
	}{
		"right":           {func(v url.Values) url.Values { return v }, 0},
		"wrong key":       {func(v url.Values) url.Values { v.Set("apik", "other"); return v }, codeUnauthorized},
		"unsigned value":  {func(v url.Values) url.Values { v.Set("prodege_project_id", "1"); return v }, codeUnauthorized},
		"unsigned name":   {func(v url.Values) url.Values { v.Set("max_cpi", "9"); return v }, codeUnauthorized},
		"twice":           {func(v url.Values) url.Values { v.Add("prodege_project_id", someID.String()); return v }, codeUnauthorized},
		"too old":         {func(url.Values) url.Values { return signed(nil, time.Now().Add(-6*time.Minute)) }, codeExpired},
		"too new":         {func(url.Values) url.Values { return signed(nil, time.Now().Add(6*time.Minute)) }, codeExpired},
		"unknown project": {func(url.Values) url.Values { return signed(map[string]string{"prodege_project_id": "5"}, time.Now()) }, codeUnknownProject},
	} {
		t.Run(name, func(t *testing.T) {
			if got := errorCode(ask(t, srv, "project-get-info", c.change(good()))); got != c.code {
				t.Errorf("code %d, want %d", got, c.code)
			}
		})
	}
}

func TestClockSkewIsShown(t *testing.T) {
	p, srv := supplier(t, func(o *ProdegeOptions) { o.ClockSkew = 10 * time.Minute })
	values := signed(map[string]string{"prodege_project_id": someID.String()}, time.Now())
	resp, err := http.Get(srv.URL + "/project-get-info?" + values.Encode())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil || time.Until(date) < 9*time.Minute {
		t.Errorf("Date %q does not tell of the clock", resp.Header.Get("Date"))
	}
	if calls := p.Calls(someID); len(calls) != 1 || calls[0].Code != int(codeExpired) {
		t.Errorf("calls %+v", calls)
	}
}

func TestInfoAsPeopleKnowIt(t *testing.T) {
	p, srv := supplier(t, nil)
	if _, err := p.PauseForCPI(context.Background(), someID, *usd("4.25")); err != nil {
		t.Fatal(err)
	}
	out := ask(t, srv, "project-get-info", signed(map[string]string{"prodege_project_id": someID.String()}, time.Now()))
	for name, want := range map[string]any{"status": "PAUSED", "disabled_by_cpi_reality_check": "true", "ir_based_cpi": "4.25", "max_cpi": "3.75", "reference_id": "PO-7"} {
		if got := dig(out["project_info"], name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

// What the app never calls is refused as what there is not, and noted.
func TestUnknownCallsAreNoted(t *testing.T) {
	p, srv := supplier(t, nil)
	id := map[string]string{"prodege_project_id": someID.String(), "cpi": "9", "external_update": "true"}
	resp, err := http.PostForm(srv.URL+"/prodegemr/project-update-cpi", signed(id, time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	ask(t, srv, "project-update", signed(map[string]string{"prodege_project_id": someID.String(), "colour": "red"}, time.Now()))
	want := []string{"POST project-update-cpi: there is no such call", "project-update: unknown parameter colour"}
	if resp.StatusCode != http.StatusNotFound || !slices.Equal(p.Complaints(), want) {
		t.Errorf("answered %d, complains of %q", resp.StatusCode, p.Complaints())
	}
}

func TestQuotasAndSettings(t *testing.T) {
	p, srv := supplier(t, nil)
	id := map[string]string{"prodege_project_id": someID.String()}
	if out := ask(t, srv, "project-quotas-by-id", signed(id, time.Now())); dig(out, "quotas.0.active") != "true" || dig(out, "quotas.0.quota_completes") != 120.0 {
		t.Errorf("quotas: %v", out)
	}
	change := map[string]string{"prodege_project_id": someID.String(), "enable_max_clicks": "true", "enable_max_clicks_allowed_clicks": "50"}
	if code := errorCode(ask(t, srv, "project-settings-update", signed(change, time.Now()))); code != 0 {
		t.Errorf("settings refused: %d", code)
	}
	if project, _ := p.Project(someID); project.Settings["enable_max_clicks_allowed_clicks"] != "50" {
		t.Errorf("settings: %v", project.Settings)
	}
}

// receiver answers webhooks with the given statuses, the last for ever.
func receiver(t *testing.T, statuses ...int) (*httptest.Server, *[]*http.Request, *[]string) {
	t.Helper()
	var requests []*http.Request
	var bodies []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		requests, bodies = append(requests, r), append(bodies, string(b))
		w.WriteHeader(statuses[min(len(requests), len(statuses))-1])
	}))
	t.Cleanup(srv.Close)
	return srv, &requests, &bodies
}

func TestWebhookIsWhatTheContractShows(t *testing.T) {
	srv, _, bodies := receiver(t, 200)
	p, _ := supplier(t, func(o *ProdegeOptions) {
		o.WebhookURL = srv.URL
		o.Now = func() time.Time { return time.Date(2023, 4, 27, 23, 37, 56, 0, time.UTC) }
	})
	if _, err := p.Pause(context.Background(), someID, prodege.SampleSize); err != nil {
		t.Fatal(err)
	}
	var body struct {
		Data      map[string]any `json:"data"`
		Signature string         `json:"signature"`
	}
	if err := json.Unmarshal([]byte((*bodies)[0]), &body); err != nil {
		t.Fatal(err)
	}
	// The example of the contract, but for the id's second half.
	id, _ := body.Data["event_id"].(string)
	if !strings.HasPrefix(id, "644b0754") || len(id) != 24 {
		t.Errorf("event_id %q", id)
	}
	for name, want := range map[string]any{"event_time": "2023-04-27 16:37:56", "status": "PAUSED", "update_reason": 158.0,
		"description": "DISABLED_BY_HAS_REACHED_SAMPLE_SIZE", "project_id": 29303649.0} {
		if body.Data[name] != want {
			t.Errorf("%s is %v, want %v", name, body.Data[name], want)
		}
	}
}

func TestWebhookRetries(t *testing.T) {
	for name, c := range map[string]struct {
		answers []int
		tries   int
	}{
		"taken":                  {[]int{200}, 1},
		"refused is final":       {[]int{400}, 1},
		"503 is final":           {[]int{503, 200}, 1},
		"500 then taken":         {[]int{500, 500, 200}, 3},
		"three retries, no more": {[]int{500}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			srv, requests, bodies := receiver(t, c.answers...)
			p, _ := supplier(t, func(o *ProdegeOptions) { o.WebhookURL = srv.URL })
			got, err := p.PauseForCPI(context.Background(), someID, *usd("4.25"))
			if err != nil || len(*requests) != c.tries || len(got.Attempts) != c.tries || !got.Done {
				t.Errorf("%d tries, want %d: %+v %v", len(*requests), c.tries, got, err)
			}
			for _, b := range *bodies {
				if b != (*bodies)[0] {
					t.Error("a retry has other bytes")
				}
			}
		})
	}
}

func TestUpdateIsAnnounced(t *testing.T) {
	srv, _, bodies := receiver(t, 200)
	p, api := supplier(t, func(o *ProdegeOptions) { o.WebhookURL, o.AnnounceUpdates = srv.URL, true })
	if _, err := p.PauseForCPI(context.Background(), someID, *usd("4.25"), How{Quiet: true}); err != nil {
		t.Fatal(err)
	}
	ask(t, api, "project-update", signed(map[string]string{"prodege_project_id": someID.String(), "max_cpi": "4.25", "status": "LIVE"}, time.Now()))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := p.await(ctx, "the announcement", func() bool { e := p.Exchanges(); return len(e) == 1 && e[0].Done }); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains((*bodies)[0], `"LIVE"`) || strings.Contains((*bodies)[0], "required_cpi") {
		t.Errorf("announced %s", (*bodies)[0])
	}
}

func TestProdegeFaults(t *testing.T) {
	p, srv := supplier(t, nil)
	if _, err := p.PauseForCPI(context.Background(), someID, *usd("4.25")); err != nil {
		t.Fatal(err)
	}
	accept := map[string]string{"prodege_project_id": someID.String(), "max_cpi": "4.25", "status": "LIVE"}
	p.Inject(Fault{Kind: AnswerCode, Code: "100", Times: 2})
	for range 2 {
		if code := errorCode(ask(t, srv, "project-update", signed(accept, time.Now()))); code != codeMaintenance {
			t.Errorf("code %d", code)
		}
	}
	p.Inject(Fault{Kind: LostAnswer, Method: "project-update", Project: someID.String()})
	if _, err := http.PostForm(srv.URL+"/project-update", signed(accept, time.Now())); err == nil {
		t.Error("the answer was not lost")
	}
	if code := errorCode(ask(t, srv, "project-update", signed(accept, time.Now()))); code != 0 {
		t.Errorf("the repeat was refused: %d", code)
	}
	if p.Fired(AnswerCode) != 2 || p.Fired(LostAnswer) != 1 || p.Pending() != 0 {
		t.Error("faults are not counted")
	}
	if len(p.Acceptances(someID)) != 1 || len(p.Updates(someID)) != 4 {
		t.Errorf("%d acceptances of %d calls", len(p.Acceptances(someID)), len(p.Updates(someID)))
	}
}

// TestPausesReachTheirFigures: what the API tells of a project fits the reason it is paused for.
func TestPausesReachTheirFigures(t *testing.T) {
	p, srv := supplier(t, nil)
	for _, reason := range []prodege.Reason{prodege.MaxClicks, prodege.SampleSize} {
		if _, err := p.Pause(t.Context(), someID, reason, How{Quiet: true}); err != nil {
			t.Fatal(err)
		}
	}
	id := map[string]string{"prodege_project_id": someID.String()}
	settings, _ := ask(t, srv, "project-settings-get", signed(id, time.Now()))["project_settings"].(string)
	for _, want := range []string{`"enable_max_clicks":"true"`, `"enable_max_clicks_cap":"500"`, `"enable_max_clicks_allowed_clicks":"0"`, `"enable_max_clicks_max_click_rate_id":"2"`} {
		if !strings.Contains(settings, want) {
			t.Errorf("%s is not in %s", want, settings)
		}
	}
	if out := ask(t, srv, "project-quotas-by-id", signed(id, time.Now())); dig(out, "quotas.0.quota_completes") != 400.0 {
		t.Errorf("quotas: %v", out)
	}
}

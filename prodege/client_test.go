package prodege

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	testKey  = Secret("the-api-key+of/tests") // with what a query escapes
	testTime = "2023-04-27 23:38:00"
)

// prodegeAPI is a Demand API that checks the signature of each call with code of its own, and answers from a list. The
// last answer repeats.
type prodegeAPI struct {
	*httptest.Server
	t       *testing.T
	answers []http.HandlerFunc

	mu    sync.Mutex
	calls []url.Values
	paths []string
}

func newAPI(t *testing.T, answers ...http.HandlerFunc) *prodegeAPI {
	api := &prodegeAPI{t: t, answers: answers}
	api.Server = httptest.NewServer(http.HandlerFunc(api.serve))
	t.Cleanup(api.Close)
	return api
}

func (api *prodegeAPI) client() *Client {
	return NewClient(Options{BaseURL: api.URL + "/prodegemr/", APIKey: testKey, SecretKey: testSecret, Now: func() time.Time { return utc(testTime) }})
}

func (api *prodegeAPI) serve(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		api.t.Errorf("%s: %v", r.URL, err)
	}
	values := r.Form
	if r.Method == http.MethodPost && r.URL.RawQuery != "" {
		api.t.Errorf("a POST with a query: %s", r.URL.RawQuery)
	}
	var names []string
	for name := range values {
		if name != "signature" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	text := string(testSecret.Reveal())
	for _, name := range names {
		text += ":" + name + "=" + values.Get(name)
	}
	sum := sha256.Sum256([]byte(text))
	want := strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(base64.StdEncoding.EncodeToString(sum[:]))
	if values.Get("signature") != want || values.Get("apik") != testKey.Reveal() {
		api.t.Errorf("%s is not signed as Prodege asks: %v", r.URL.Path, values)
	}
	api.mu.Lock()
	n := len(api.calls)
	api.calls, api.paths = append(api.calls, values), append(api.paths, r.Method+" "+r.URL.Path)
	api.mu.Unlock()
	api.answers[min(n, len(api.answers)-1)](w, r)
}

func says(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func refuses(code int) http.HandlerFunc {
	return says(200, fmt.Sprintf(`{"return_status":{"status_id":0,"message":["no"],"error_codes":[%d]}}`, code))
}

const fullInfo = `{"prodege_project_id":"29303649","project_id":77,"project_name":"Tea <drinkers>","reference_id":"PO-9","status":"PAUSED",
	"cpi":3.5,"current_avg_cpi":"3.25","max_cpi":"4","ir_based_cpi":"4.25","disabled_by_cpi_reality_check":"true","disabled_by_max_clicks":false,
	"sample_size":"400","expected_ir":30,"loi":"12","country_id":1,"mobile_optimized":"true","extra":{"a":[1]}}`

func TestProjectInfo(t *testing.T) {
	usd := func(s string) *USD { u := MustUSD(s); return &u }
	want := ProjectInfo{
		ID: 29303649, PartnerID: "77", Name: "Tea <drinkers>", ReferenceID: "PO-9", Status: Paused,
		CPI: usd("3.5"), AvgCPI: usd("3.25"), MaxCPI: usd("4"), RequiredCPI: usd("4.25"), PausedForCPI: true,
		SampleSize: 400, ExpectedIR: "30", LOI: "12",
		Unknown: []Field{{"country_id", "1"}, {"extra", `{"a":[1]}`}, {"mobile_optimized", "true"}},
	}
	const date = "Thu, 27 Apr 2023 23:38:05 GMT"
	for name, body := range map[string]string{
		"an object":           `{"return_status":{"status_id":1,"message":["ok"]},"project_info":` + fullInfo + `}`,
		"a text":              `{"return_status":{"status_id":"1"},"project_info":` + quoted(fullInfo) + `}`,
		"all of it as texts":  `{"return_status":` + quoted(`{"status_id":1}`) + `,"project_info":` + quoted(fullInfo) + `}`,
		"without its own id":  `{"return_status":{"status_id":1},"project_info":` + strings.Replace(fullInfo, `"prodege_project_id":"29303649",`, "", 1) + `}`,
		"no error_codes":      `{"return_status":{"status_id":1, "error_codes":[]},"project_info":` + fullInfo + `}`,
		"a status_id of 1.0":  `{"return_status":{"status_id":1.0, "error_codes":[0]},"project_info":` + fullInfo + `}`,
		"codes that are none": `{"return_status":{"status_id":"1 ", "error_codes":"null"},"error_codes":"0","project_info":` + fullInfo + `}`,
		"return_status null":  `{"return_status":null,"error_codes":[],"project_info":` + fullInfo + `}`,
		"return_status empty": `{"return_status":{},"project_info":` + fullInfo + `}`,
		"a byte order mark":   "\ufeff" + `{"project_info":` + fullInfo + `}`,
	} {
		api := newAPI(t, says(200, body, "Date", date))
		got, err := api.client().ProjectInfo(t.Context(), 29303649)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\ngot  %+v\nwant %+v", name, err, got, want)
		}
		if api.paths[0] != "GET /prodegemr/project-get-info" || api.calls[0].Get("prodege_project_id") != "29303649" {
			t.Errorf("%s: called %s %v", name, api.paths[0], api.calls[0])
		}
		if got := api.calls[0].Get("request_date"); got != strconv.FormatInt(utc(testTime).UnixMilli(), 10) {
			t.Errorf("%s: request_date %s", name, got)
		}
	}
}

// TestWhatAProjectSays: values that say nothing are absent, and numbers, booleans and texts may stand for one another.
func TestWhatAProjectSays(t *testing.T) {
	for fields, check := range map[string]func(ProjectInfo) bool{
		`"ir_based_cpi":"4.25"`: func(i ProjectInfo) bool { return i.PausedForCPI },
		`"ir_based_cpi":"4.25","disabled_by_cpi_reality_check":"null"`: func(i ProjectInfo) bool { return i.PausedForCPI },
		`"ir_based_cpi":"4.25","disabled_by_cpi_reality_check":"N/A"`:  func(i ProjectInfo) bool { return i.PausedForCPI },
		`"ir_based_cpi":"4.25","disabled_by_cpi_reality_check":"No"`:   func(i ProjectInfo) bool { return !i.PausedForCPI },
		`"ir_based_cpi":"4.25","disabled_by_cpi_reality_check":0`:      func(i ProjectInfo) bool { return !i.PausedForCPI },
		`"ir_based_cpi":"4.25","disabled_by_cpi_reality_check":false`:  func(i ProjectInfo) bool { return !i.PausedForCPI },
		`"ir_based_cpi":"0.00"`:                         func(i ProjectInfo) bool { return !i.PausedForCPI && i.RequiredCPI == nil },
		`"ir_based_cpi":"N/A"`:                          func(i ProjectInfo) bool { return !i.PausedForCPI && i.RequiredCPI == nil && i.Unknown == nil },
		`"ir_based_cpi":"-1"`:                           func(i ProjectInfo) bool { return !i.PausedForCPI && i.RequiredCPI == nil },
		`"disabled_by_cpi_reality_check":1.0`:           func(i ProjectInfo) bool { return i.PausedForCPI },
		`"disabled_by_cpi_reality_check":" TRUE\u00a0"`: func(i ProjectInfo) bool { return i.PausedForCPI },
		`"disabled_by_max_clicks":"1"`:                  func(i ProjectInfo) bool { return i.PausedClicks },
		`"disabled_by_max_clicks":"null"`:               func(i ProjectInfo) bool { return !i.PausedClicks },
		`"project_name":"null","reference_id":"N/A","expected_ir":"-","loi":"None","status":"LIVE"`: func(i ProjectInfo) bool {
			return i.Name == "" && i.ReferenceID == "" && i.ExpectedIR == "" && i.LOI == "" && i.Status == Live && i.Unknown == nil
		},
		`"status":"null"`:               func(i ProjectInfo) bool { return i.Status == "" },
		`"status":" pending complete "`: func(i ProjectInfo) bool { return i.Status == PendingComplete },
		`"max_cpi":0,"cpi":"0.00","current_avg_cpi":0`: func(i ProjectInfo) bool {
			return i.MaxCPI == nil && i.CPI == nil && i.AvgCPI.IsZero()
		},
		`"max_cpi":"$4.00","cpi":4.2999999999999998`: func(i ProjectInfo) bool { return i.MaxCPI.String() == "4.00" && i.CPI.String() == "4.30" },
		`"max_cpi":"4,00"`:                           func(i ProjectInfo) bool { return i.MaxCPI == nil && i.Unknown[0] == Field{"max_cpi", "4,00"} },
		`"sample_size":"500.0"`:                      func(i ProjectInfo) bool { return i.SampleSize == 500 },
		`"sample_size":5e2`:                          func(i ProjectInfo) bool { return i.SampleSize == 500 },
		`"sample_size":-500`:                         func(i ProjectInfo) bool { return i.SampleSize == 0 },
		`"sample_size":"1,000"`:                      func(i ProjectInfo) bool { return i.SampleSize == 0 },
	} {
		got, err := newAPI(t, says(200, `{"project_info":{`+fields+`}}`)).client().ProjectInfo(t.Context(), 5)
		if err != nil || !check(got) {
			t.Errorf("%s: %+v, %v", fields, got, err)
		}
	}
}

func TestProjectInfoThatCannotBeUsed(t *testing.T) {
	for name, body := range map[string]string{
		"no project_info":       `{"return_status":{"status_id":1}}`,
		"project_info no JSON":  `{"return_status":{"status_id":1},"project_info":"soon"}`,
		"about another project": `{"return_status":{"status_id":1},"project_info":{"prodege_project_id":5}}`,
	} {
		_, err := newAPI(t, says(200, body)).client().ProjectInfo(t.Context(), 29303649)
		var e *APIError
		if !errors.As(err, &e) || !e.Retryable() || e.HTTPStatus != 200 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestQuotas(t *testing.T) {
	const quotas = `[{"quota_id":1,"active":"true","number_of_respondents":"100","calculation_type":1,"quota_completes":40},
		{"quota_id":2,"active":true,"number_of_respondents":50,"calculation_type":"1","quota_completes":"10"},
		{"quota_id":3,"active":"false","number_of_respondents":70,"calculation_type":1,"quota_completes":3},
		{"quota_id":4,"active":"true","number_of_respondents":90,"calculation_type":2,"quota_completes":2},
		{"quota_id":5,"active":"true","number_of_respondents":-4,"calculation_type":1,"quota_completes":"many"}]`
	for name, body := range map[string]string{
		"an array":              `{"prodege_project_id":5,"quotas":` + quotas + `}`,
		"a text":                `{"prodege_project_id":5,"quotas":` + quoted(quotas) + `}`,
		"with a return_status":  `{"return_status":{"status_id":1},"quotas":` + quotas + `}`,
		"in an array of a text": `{"quotas":[` + quoted(`{"active":"1","number_of_respondents":150,"quota_completes":55}`) + `]}`,
	} {
		api := newAPI(t, says(200, body))
		got, err := api.client().Quotas(t.Context(), 5)
		if err != nil || got != (Quotas{Completes: 55, Wanted: 150}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if api.paths[0] != "GET /prodegemr/project-quotas-by-id" {
			t.Errorf("%s: called %s", name, api.paths[0])
		}
	}
	for _, body := range []string{`{}`, `{"quotas":{}}`, `{"quotas":[1]}`} {
		if got, err := newAPI(t, says(200, body)).client().Quotas(t.Context(), 5); err == nil {
			t.Errorf("%s reads as %+v", body, got)
		}
	}
}

func TestUpdateProject(t *testing.T) {
	cpi := MustUSD("4.2")
	api := newAPI(t, says(200, `{"return_status":{"status_id":1,"message":["Project Updated"]},"prodege_project_id":5,"cpi":4.2}`))
	if err := api.client().UpdateProject(t.Context(), 5, ProjectUpdate{MaxCPI: &cpi, Status: Live}); err != nil {
		t.Fatal(err)
	}
	if err := api.client().UpdateProject(t.Context(), 5, ProjectUpdate{SampleSize: 500}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []map[string]string{
		{"prodege_project_id": "5", "max_cpi": "4.20", "status": "LIVE"},
		{"prodege_project_id": "5", "sample_size": "500"},
	} {
		for name, value := range want {
			if api.calls[i].Get(name) != value {
				t.Errorf("call %d: %s=%s, want %s", i, name, api.calls[i].Get(name), value)
			}
		}
		if len(api.calls[i]) != len(want)+3 || api.paths[i] != "POST /prodegemr/project-update" {
			t.Errorf("call %d: %s %v", i, api.paths[i], api.calls[i])
		}
	}
	zero, negative := USD{}, cpi.Sub(MustUSD("5"))
	for _, u := range []ProjectUpdate{{}, {MaxCPI: &zero, Status: Live}, {MaxCPI: &negative, Status: Live}} {
		if err := api.client().UpdateProject(t.Context(), 5, u); err == nil || len(api.calls) != 2 {
			t.Errorf("%+v was sent", u)
		}
	}
	for _, done := range []string{`1.0`, `"1"`, `" 1 "`} {
		if err := newAPI(t, says(200, `{"return_status":{"status_id":`+done+`,"error_codes":["0"]}}`)).client().UpdateProject(t.Context(), 5, ProjectUpdate{Status: Live}); err != nil {
			t.Errorf("status_id %s is no success: %v", done, err)
		}
	}
	err := newAPI(t, says(200, `{}`)).client().UpdateProject(t.Context(), 5, ProjectUpdate{Status: Live})
	var e *APIError
	if !errors.As(err, &e) || !e.Retryable() {
		t.Errorf("an answer without return_status: %v", err)
	}
}

func TestErrorCodes(t *testing.T) {
	for _, c := range []struct {
		code         int
		words        string
		retryable    bool
		unauthorized bool
		calls        int
	}{
		{100, "under maintenance", true, false, 1},
		{101, "does not accept our API key or signature", false, true, 1},
		{102, "expired", true, false, 2},
		{103, "rate limit", true, false, 1},
		{2001, "does not know the project", false, false, 1},
		{2002, "does not know the project", false, false, 1},
		{2003, "does not know the project", false, false, 1},
		{2009, "considers the CPI invalid", false, false, 1},
		{2010, "may not set the CPI", false, false, 1},
		{2012, "does not allow this change of status", false, false, 1},
		{2013, "does not allow this change of status", false, false, 1},
		{2014, "project is COMPLETE", false, false, 1},
		{2015, "does not allow this change of status", false, false, 1},
		{2016, "does not allow this change of status", false, false, 1},
		{2017, "does not allow this change of status", false, false, 1},
		{2099, "considers what we sent invalid: no", false, false, 1},
		{3001, "considers what we sent invalid: no", false, false, 1},
		{150, "the unknown code 150: no", false, false, 1},
	} {
		api := newAPI(t, refuses(c.code))
		err := api.client().UpdateProject(t.Context(), 5, ProjectUpdate{Status: Live})
		var e *APIError
		if !errors.As(err, &e) || !reflect.DeepEqual(e.Codes, []int{c.code}) || e.Call != "project-update" || e.HTTPStatus != 200 {
			t.Errorf("%d: %v", c.code, err)
			continue
		}
		if !strings.Contains(e.Words(), c.words) || !strings.Contains(e.Error(), strconv.Itoa(c.code)) || !strings.Contains(e.Error(), e.Words()) {
			t.Errorf("%d: in words %q, error %q", c.code, e.Words(), e)
		}
		if e.Retryable() != c.retryable || e.Unauthorized() != c.unauthorized || len(api.calls) != c.calls {
			t.Errorf("%d: retryable %t, unauthorized %t, %d calls", c.code, e.Retryable(), e.Unauthorized(), len(api.calls))
		}
	}
}

func TestAnswersOfOtherForms(t *testing.T) {
	for _, c := range []struct {
		name         string
		answer       http.HandlerFunc
		codes        []int
		words        string
		retryable    bool
		unauthorized bool
	}{
		{"codes as texts", says(200, `{"return_status":{"status_id":"0","error_codes":["103"]}}`), []int{103}, "rate limit", true, false},
		{"codes as one text", says(200, `{"return_status":{"status_id":0,"error_codes":"2014, 2001"}}`), []int{2014, 2001}, "COMPLETE at Prodege, so nothing can be changed any more; Prodege does not know", false, false},
		{"one code", says(200, `{"return_status":{"status_id":0,"error_codes":2014}}`), []int{2014}, "COMPLETE", false, false},
		{"return_status as a text", says(200, `{"return_status":"{\"status_id\":0,\"error_codes\":[101]}"}`), []int{101}, "API key", false, true},
		{"codes beside return_status", says(200, `{"return_status":{"status_id":2},"error_codes":[100]}`), []int{100}, "maintenance", true, false},
		{"codes with decimals", says(200, `{"return_status":{"status_id":0,"error_codes":[2014.0,"103.0"]}}`), []int{2014, 103}, "COMPLETE", false, false},
		{"code 0", says(200, `{"return_status":{"status_id":0,"error_codes":[0],"message":["null"]}}`), nil, "refused without giving a code", false, false},
		{"a transient and a final code", says(200, `{"return_status":{"status_id":0,"error_codes":[103,2014]}}`), []int{103, 2014}, "rate limit", false, false},
		{"success with a code", says(200, `{"return_status":{"status_id":1,"error_codes":[2014]}}`), []int{2014}, "COMPLETE", false, false},
		{"codes with HTTP 500", says(500, `{"return_status":{"status_id":0,"error_codes":[2014]}}`), []int{2014}, "COMPLETE", false, false},
		{"no code", says(200, `{"return_status":{"status_id":0,"message":"try later"}}`), nil, "refused without giving a code: try later", false, false},
		{"HTTP 400 without return_status", says(400, `{"error":"x"}`), nil, "HTTP 400", false, false},
		{"HTTP 401 without return_status", says(401, `{}`), nil, "HTTP 401", false, true},
		{"HTTP 500 with success", says(500, `{"return_status":{"status_id":1}}`), nil, "HTTP 500", true, false},
		{"HTTP 503", says(503, `{}`), nil, "HTTP 503", true, false},
		{"HTTP 429", says(429, `{}`), nil, "HTTP 429", true, false},
		{"a page", says(200, `<html>`), nil, "HTTP 200", true, false},
		{"a gateway's page", says(502, `<html>`), nil, "HTTP 502", true, false},
		{"nothing", says(200, ``), nil, "HTTP 200", true, false},
		{"a list", says(200, `[]`), nil, "HTTP 200", true, false},
		{"a page with HTTP 403", says(403, `<html>`), nil, "HTTP 403", true, false},
		{"more than a MiB", says(200, `{"return_status":{"status_id":1},"x":"`+strings.Repeat("x", 1<<20)+`"}`), nil, "HTTP 200", true, false},
		{"elsewhere", says(302, ``, "Location", "http://127.0.0.1:1/"), nil, "redirects elsewhere", true, false},
		{"a broken connection", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil, "could not be reached", true, false},
	} {
		err := newAPI(t, c.answer).client().UpdateProject(t.Context(), 5, ProjectUpdate{Status: Live})
		var e *APIError
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if !reflect.DeepEqual(e.Codes, c.codes) || !strings.Contains(e.Words(), c.words) || e.Retryable() != c.retryable || e.Unauthorized() != c.unauthorized {
			t.Errorf("%s: codes %v, %q, retryable %t, unauthorized %t", c.name, e.Codes, e.Words(), e.Retryable(), e.Unauthorized())
		}
	}
}

// TestTheClockOffsetIsLearned: if the clocks differ, the first call is refused; all later ones carry Prodege's time.
func TestTheClockOffsetIsLearned(t *testing.T) {
	ok := says(200, `{"return_status":{"status_id":1}}`)
	api := newAPI(t, says(200, `{"return_status":{"status_id":0,"error_codes":[102]}}`, "Date", "Thu, 27 Apr 2023 23:48:00 GMT"), ok)
	client := api.client()
	for range 2 {
		if err := client.UpdateProject(t.Context(), 5, ProjectUpdate{Status: Live}); err != nil {
			t.Fatal(err)
		}
	}
	ours := utc(testTime).UnixMilli()
	theirs := ours + (10 * time.Minute).Milliseconds()
	for i, want := range []int64{ours, theirs, theirs} {
		if got := api.calls[i].Get("request_date"); got != strconv.FormatInt(want, 10) {
			t.Errorf("call %d is dated %s, want %d", i, got, want)
		}
	}
	if len(api.calls) != 3 {
		t.Errorf("%d calls", len(api.calls))
	}
}

func TestTheClientIsSafeForConcurrentUse(t *testing.T) {
	api := newAPI(t, refuses(102), refuses(102), says(200, `{"return_status":{"status_id":1}}`))
	client := api.client()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { _ = client.UpdateProject(t.Context(), 5, ProjectUpdate{Status: Live}) })
	}
	wg.Wait()
	if err := client.UpdateProject(t.Context(), 5, ProjectUpdate{Status: Live}); err != nil {
		t.Error(err)
	}
}

func TestErrorsTellNoSecret(t *testing.T) {
	echo := func(w http.ResponseWriter, r *http.Request) {
		says(200, string(quote(map[string]any{"return_status": map[string]any{"status_id": 0, "message": []string{"bad " + r.URL.RawQuery, r.Form.Get("signature") + r.Form.Get("apik")}}})))(w, r)
	}
	gone := newAPI(t)
	gone.Close()
	slow, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name   string
		ctx    context.Context
		base   string
		echoes bool // the other side quotes our query
	}{
		{"an echo", t.Context(), newAPI(t, echo).URL, true},
		{"nobody there", t.Context(), gone.URL, false},
		{"a redirect", t.Context(), newAPI(t, says(302, "", "Location", "/x?apik="+testKey.Reveal())).URL, false},
		{"a bad redirect", t.Context(), newAPI(t, says(302, "", "Location", ":")).URL, false},
		{"cancelled", slow, newAPI(t, echo).URL, false},
		{"no scheme", t.Context(), "127.0.0.1", false},
		{"another scheme", t.Context(), "ftp://127.0.0.1", false},
		{"a malformed address", t.Context(), "http://[::1", false},
		{"not HTTP at all", t.Context(), newAPI(t, hijacked("apik="+testKey.Reveal())).URL, true},
	} {
		client := NewClient(Options{BaseURL: c.base, APIKey: testKey, SecretKey: testSecret})
		_, err := client.ProjectInfo(c.ctx, 5)
		var e *APIError
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		text := fmt.Sprintf("%v %+v %q %s", err, e, e.Messages, e.Words())
		for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
			text += inner.Error()
		}
		for _, secret := range []string{testKey.Reveal(), url.QueryEscape(testKey.Reveal()), testSecret.Reveal(), "signature=", "apik="} {
			quoted := strings.HasPrefix(secret, "apik=") || strings.HasPrefix(secret, "signature=")
			if strings.Contains(text, secret) && !(quoted && c.echoes) {
				t.Errorf("%s: tells %q: %s", c.name, secret, text)
			}
		}
		if c.ctx.Err() != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v does not say that it was cancelled", c.name, err)
		}
	}
}

// hijacked answers with something that is not HTTP.
func hijacked(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, buffer, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = buffer.WriteString(text + "\r\n\r\n")
		_ = buffer.Flush()
		_ = conn.Close()
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	api := newAPI(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := api.client().ProjectInfo(ctx, 5)
	var e *APIError
	if !errors.As(err, &e) || !e.Retryable() || !errors.Is(err, context.DeadlineExceeded) || e.Words() != "Prodege gave no answer in time" {
		t.Errorf("%v", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	_, err = api.client().ProjectInfo(stopped, 5)
	if !errors.As(err, &e) || !e.Retryable() || !strings.Contains(e.Words(), "was stopped here") {
		t.Errorf("%v", err)
	}
}

func FuzzProjectInfo(f *testing.F) {
	f.Add([]byte(fullInfo))
	f.Add([]byte(quoted(fullInfo)))
	f.Add([]byte(`{"cpi":"x","ir_based_cpi":-1,"status":{},"sample_size":1e9,"prodege_project_id":0}`))
	f.Add([]byte(example))
	f.Fuzz(func(t *testing.T, data []byte) {
		info, ok := parseProjectInfo(unwrapped(data))
		if !ok {
			return
		}
		stored := quote(info)
		if len(stored) > 24<<10 || len(info.Unknown) > maxFields || bytes.Equal(stored, []byte("null")) {
			t.Errorf("%d bytes, %d unknown fields", len(stored), len(info.Unknown))
		}
		if info.ID < 0 || info.SampleSize < 0 {
			t.Errorf("%+v", info)
		}
	})
}

package program

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"fieldmarshal/activities"
	"fieldmarshal/operator"
	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// pages is a fake Temporal that lists workflows page by page.
type pages struct {
	client.Client
	pages   [][]*workflowpb.WorkflowExecutionInfo
	fault   error // of the last page
	queries []string
}

func (p *pages) ListWorkflow(_ context.Context, r *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	p.queries = append(p.queries, r.GetQuery())
	n := 0
	if token := r.GetNextPageToken(); len(token) > 0 {
		n = int(token[0])
	}
	if n == len(p.pages)-1 && p.fault != nil {
		return nil, p.fault
	}
	got := &workflowservice.ListWorkflowExecutionsResponse{Executions: p.pages[n]}
	if n+1 < len(p.pages) {
		got.NextPageToken = []byte{byte(n + 1)}
	}
	return got, nil
}

func listed(t *testing.T, fields map[string]any) *workflowpb.WorkflowExecutionInfo {
	t.Helper()
	payloads := map[string]*commonpb.Payload{}
	for name, v := range fields {
		p, err := converter.GetDefaultDataConverter().ToPayload(v)
		if err != nil {
			t.Fatal(err)
		}
		payloads[name] = p
	}
	return &workflowpb.WorkflowExecutionInfo{SearchAttributes: &commonpb.SearchAttributes{IndexedFields: payloads}}
}

func TestAllThatWaitsIsListed(t *testing.T) {
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	p := &pages{}
	d := directory{operator.NewTemporal(p, "default", "q")}
	for page := range 3 {
		var one []*workflowpb.WorkflowExecutionInfo
		for n := range 100 {
			id := page*100 + n + 1
			one = append(one, listed(t, map[string]any{"ProjectId": id, "WaitingFor": "approval", "WaitingSince": at.Add(-time.Duration(id) * time.Minute), "Summary": "asks", "NeedsAttention": id == 7}))
		}
		p.pages = append(p.pages, one)
	}
	items, err := d.Waiting(t.Context())
	if err != nil || len(items) != 300 {
		t.Fatalf("%d items, %v", len(items), err)
	}
	if first := items[0]; first.Project != 300 || first.Waiting != project.WaitsApproval || first.Summary != "asks" || !first.Since.Equal(at.Add(-300*time.Minute)) || first.Attention || !items[293].Attention {
		t.Errorf("the oldest is %+v; attention at %+v", first, items[293])
	}
	ids, err := d.Open(t.Context())
	if err != nil || len(ids) != 300 || ids[0] != 1 || !slices.Contains(ids, prodege.ProjectID(300)) {
		t.Errorf("open: %d, %v", len(ids), err)
	}
	if q := p.queries[0]; !strings.Contains(q, "Summary STARTS_WITH 'COMPLETE, invoice made by hand'") || !strings.Contains(q, "WaitingFor = 'action'") {
		t.Errorf("query: %s", q)
	}
	// Half a list would look like a whole one.
	p.fault = errors.New("unavailable")
	if items, err := d.Waiting(t.Context()); err == nil || items != nil {
		t.Errorf("%d items, %v", len(items), err)
	}
}

func TestGuests(t *testing.T) {
	for name, c := range map[string]struct {
		answer       string
		guest, fails bool
	}{
		"a member":                {`{"ok":true,"user":{"id":"U1"}}`, false, false},
		"a multi-channel guest":   {`{"ok":true,"user":{"id":"U1","is_restricted":true}}`, true, false},
		"a single-channel guest":  {`{"ok":true,"user":{"id":"U1","is_restricted":true,"is_ultra_restricted":true}}`, true, false},
		"of another organization": {`{"ok":true,"user":{"id":"U1","is_stranger":true}}`, true, false},
		"we may not ask":          {`{"ok":false,"error":"missing_scope"}`, false, true},
		"nobody":                  {`{"ok":false,"error":"user_not_found"}`, false, true},
		"a Slack without users":   {`{"ok":false,"error":"unknown_method"}`, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/users.info" {
					t.Errorf("called %s", r.URL.Path)
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(c.answer))
			}))
			defer server.Close()
			guest, err := isGuest(activities.NewSlackAPI("xoxb-token", server.URL+"/", nil))(t.Context(), "U1")
			if guest != c.guest || (err != nil) != c.fails {
				t.Errorf("%v, %v", guest, err)
			}
		})
	}
}

package config

import (
	"net/url"
	"strings"
)

// pages warns of addresses that lead to a known service, but not to the place in it that is called.
func (r *reader) pages() {
	for _, page := range []struct {
		name, host string // host: of the service, and all below it
		path       string // where it is called
	}{
		{"PRODEGE_BASE_URL", "prodegeapis.com", "/prodegemr"},
		{"PRODEGE_BASE_URL", "prodegeapisqa.com", "/prodegemr"},
		{"SLACK_API_URL", "slack.com", "/api"},
	} {
		u, err := url.Parse(r.given(page.name))
		if err != nil || u.Hostname() != page.host && !strings.HasSuffix(u.Hostname(), "."+page.host) {
			continue
		}
		if u.Scheme != "https" || strings.TrimRight(u.Path, "/") != page.path {
			r.warn(page.name, "is not where %s is called: write https://%s%s", page.host, u.Host, page.path)
		}
	}
	if before, _, found := strings.Cut(r.given("TEMPORAL_UI_URL"), "/namespaces"); found {
		r.warn("TEMPORAL_UI_URL", "is the address of a page, to which links add one of their own: write %s", before)
	}
}

package config

import (
	"net/url"
	"strings"
)

// pages warns of addresses that belong to a known service but are not those of its API.
func (r *reader) pages() {
	for _, page := range []struct {
		name, host string // host: the service's domain, including subdomains
		path       string // of the API
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
			r.warn(page.name, "is not the address of the API at %s: write https://%s%s", page.host, u.Host, page.path)
		}
	}
	if before, _, found := strings.Cut(r.given("TEMPORAL_UI_URL"), "/namespaces"); found {
		r.warn("TEMPORAL_UI_URL", "is the address of a page; links add the page themselves: write %s", before)
	}
}

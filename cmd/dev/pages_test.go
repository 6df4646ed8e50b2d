package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPagesRun plays the README and the tutorial: what stands in a block marked sh is run, one command after
// another as it stands, and prints what the page says. `go run ./cmd/dev` is run in this process, on ports of its
// own, which take the place of the usual ones on the page. The tutorial's reader has set nothing; the README's
// has a configuration, which is that of the demo here.
func TestPagesRun(t *testing.T) {
	t.Parallel()
	for page, c := range map[string]struct {
		fewest     int
		configured bool
	}{"../../README.md": {3, true}, "../../docs/tutorial.md": {8, false}} {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			all := blocks(string(text))
			if len(all) < c.fewest {
				t.Fatalf("only %d blocks are run, want at least %d: are they marked sh?", len(all), c.fewest)
			}
			args, ok := strings.CutPrefix(all[0].text, "go run ./cmd/dev ")
			if !ok {
				t.Fatalf("%s:%d: a page begins with go run ./cmd/dev", page, all[0].line)
			}
			dir := t.TempDir()
			r := launch(t, dir, strings.Fields(args)...)
			here := r.ports()
			if expected := here.Replace(all[0].expected); expected != "" && !shows(expected, r.out.String()) {
				t.Errorf("%s:%d: it prints:\n%s\nand the page says:\n%s", page, all[0].line, r.out, expected)
			}
			s := newShell(t, dir, r.environment(c.configured)...)
			for _, b := range all[1:] {
				b.text, b.expected = patiently(here.Replace(b.text)), here.Replace(b.expected)
				if err := s.playUntil(b); err != nil {
					t.Fatalf("%s:%d: %v", page, b.line, err)
				}
			}
		})
	}
}

// environment is what leads commands to this run: its ports only, or all of a configuration.
func (r *running) environment(configured bool) []string {
	env := []string{"TEMPORAL_ADDRESS=" + r.temporal.HostPort, "HTTP_ADDR=" + r.http.Addr().String(), "INGRESS_ADMIN_ADDR=" + r.admin.Addr().String(), "WORKER_HTTP_ADDR=" + r.worker.Addr().String(), "TEMPORAL_UI_URL=" + r.temporal.UIURL}
	if configured {
		env = append(env, "PRODEGE_SECRET_KEY="+simulatedSecretKey, "PRODEGE_API_KEY="+simulatedAPIKey, "PRODEGE_BASE_URL="+address(r.page)+"/prodege",
			"SLACK_BOT_TOKEN="+simulatedToken, "SLACK_SIGNING_SECRET="+simulatedSigning, "SLACK_API_URL="+address(r.page)+"/api/",
			"SLACK_ALERTS_CHANNEL="+alertsChannel, "SLACK_APPROVERS="+approversGroup, "INBOX_DIR="+filepath.Join(r.data, "inbox"))
	}
	return env
}

// ports puts the ports of this run in the place of the usual ones.
func (r *running) ports() *strings.Replacer {
	var pairs []string
	for usual, is := range map[string]string{
		"127.0.0.1:8080": r.http.Addr().String(), "127.0.0.1:8081": r.worker.Addr().String(), "127.0.0.1:8082": r.admin.Addr().String(), "127.0.0.1:8090": r.page.Addr().String(),
		"127.0.0.1:7233": r.temporal.HostPort, "127.0.0.1:8233": strings.TrimPrefix(r.temporal.UIURL, "http://"),
	} {
		_, port, _ := net.SplitHostPort(is)
		pairs = append(pairs, usual, is, "localhost"+usual[len("127.0.0.1"):], "localhost:"+port)
	}
	return strings.NewReplacer(append(pairs, "Data        data/demo", "Data        "+r.data)...)
}

func TestWhatAPageShows(t *testing.T) {
	for name, c := range map[string]struct {
		expected, output string
		shows            bool
	}{
		"the same":          {"a b\nc", "a  b\nc\n", true},
		"part of a line":    {"since … (UTC)", "since noon (UTC)\n", true},
		"some lines":        {"a\n…\nz", "a\nb\n\nc\nz\n", true},
		"no lines":          {"a\n…\nz", "a\nz\n", true},
		"lines at the end":  {"a\n…", "a\nb\n", true},
		"not over lines":    {"a … z", "a\nz\n", false},
		"something missing": {"a\nb", "a\n", false},
		"something more":    {"a", "a\nb\n", false},
		"another word":      {"a.c", "abc\n", false},
	} {
		if got := shows(c.expected, c.output); got != c.shows {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := patiently("bin/fieldmarshal approve 1 --as U1\nbin/fieldmarshal state 1"); got != "bin/fieldmarshal approve 1 --as U1 --wait 90s\nbin/fieldmarshal state 1" {
		t.Errorf("run as %q", got)
	}
	page := "# A\n```sh\na \\\n  b\n\n# c\nd\n```\nprints\n```text\nout\n```\n```text\nnot this\n```\n```console\ne\n```\n```sh\nf\n```\n## B\n```text\nof another section\n```\n"
	all := blocks(page)
	if len(all) != 2 || all[1].expected != "" || all[0].expected != "out" || len(all[0].commands()) != 2 || !strings.HasPrefix(all[0].commands()[0], "a \\\n") {
		t.Errorf("blocks %+v", all)
	}
}

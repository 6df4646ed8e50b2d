package main

import (
	"cmp"
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"go.yaml.in/yaml/v3"

	"fieldmarshal/config"
	"fieldmarshal/program"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// assignment is a line of .env.example, commented out or not.
var assignment = regexp.MustCompile(`(?m)^(#?)([A-Z][A-Z0-9_]*)=(.*)$`)

// TestEnvExampleIsComplete: .env.example names every variable that the program reads, and no other.
func TestEnvExampleIsComplete(t *testing.T) {
	var named []string
	for _, m := range assignment.FindAllStringSubmatch(read(t, ".env.example"), -1) {
		if slices.Contains(named, m[2]) {
			t.Errorf("%s occurs twice", m[2])
		}
		named = append(named, m[2])
	}
	all := append(config.Variables(), "TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_API_KEY", "TEMPORAL_CONFIG_FILE")
	for _, name := range all {
		if !slices.Contains(named, name) {
			t.Errorf("%s is missing", name)
		}
	}
	all = slices.Concat(all, config.ConnectionVariables(), config.ComposeVariables())
	for _, name := range named {
		if !slices.Contains(all, name) {
			t.Errorf("the program does not read %s", name)
		}
	}
}

// TestEnvExampleWorks: with the required values filled in, .env.example is a valid configuration, as it is and with all
// comments that are settings removed.
func TestEnvExampleWorks(t *testing.T) {
	for name, all := range map[string]bool{"as it stands": false, "with all of it": true} {
		t.Run(name, func(t *testing.T) {
			fillIn := map[string]string{"SLACK_BOT_TOKEN": "xoxb-filled-in", "SLACK_ALERTS_CHANNEL": "C0123456789", "SLACK_APPROVERS": "anyone",
				"BILLING_SIGNING_SECRET": "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 32))}
			text := assignment.ReplaceAllStringFunc(read(t, ".env.example"), func(line string) string {
				m := assignment.FindStringSubmatch(line)
				switch {
				case m[1] == "" && m[3] == "":
					return m[2] + "=" + cmp.Or(fillIn[m[2]], "filled-in")
				case all && !strings.HasPrefix(m[2], "TEMPORAL_"):
					return m[2] + "=" + cmp.Or(m[3], fillIn[m[2]])
				}
				return line
			})
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			given := config.Read(dir, nil)
			c, faults := program.Load(given.Environment, config.Ingress|config.Worker)
			if err := given.Err(faults...); err != nil || len(given.Warnings)+len(c.Warnings) > 0 {
				t.Errorf("%v, warnings %v %v", err, given.Warnings, c.Warnings)
			}
			if o, faults := program.Connection(given.Environment); faults != nil || o.HostPort != "localhost:7233" || o.ConnectionOptions.TLS != nil {
				t.Errorf("temporal is reached by %+v, %v", o, faults)
			}
		})
	}
}

// TestComposeVariables: .env may contain the names that docker-compose.yml reads, and no other that the program does not.
func TestComposeVariables(t *testing.T) {
	var named []string
	for _, m := range regexp.MustCompile(`[^$]\$\{?([A-Za-z_][A-Za-z0-9_]*)`).FindAllStringSubmatch(read(t, "docker-compose.yml"), -1) {
		if named = append(named, m[1]); !slices.Contains(slices.Concat(config.Variables(), config.ConnectionVariables(), config.ComposeVariables()), m[1]) {
			t.Errorf("docker-compose.yml reads %s, which would be an error in .env", m[1])
		}
	}
	for _, name := range config.ComposeVariables() {
		if !slices.Contains(named, name) {
			t.Errorf("docker-compose.yml does not read %s", name)
		}
	}
}

// TestImageIsStamped: the variables that the Dockerfile sets exist.
func TestImageIsStamped(t *testing.T) {
	stamps := regexp.MustCompile(`-X fieldmarshal/program\.(\w+)=\$\{(\w+)\}`).FindAllStringSubmatch(read(t, "Dockerfile"), -1)
	for _, m := range stamps {
		if !regexp.MustCompile(`(?m)^var .*\b`+m[1]+`\b.* string$`).MatchString(read(t, "program/announce.go")) || !strings.Contains(read(t, "Dockerfile"), "ARG "+m[2]+"=") {
			t.Errorf("the Dockerfile stamps %s from %s, and one of them does not exist", m[1], m[2])
		}
	}
	if args := composed(t).Services["worker"].Build.Args; len(stamps) != 2 || len(args) != len(stamps) {
		t.Errorf("the Dockerfile stamps %v, Compose gives %v", stamps, args)
	}
}

// composed returns docker-compose.yml as Compose reads it after `cp .env.example .env`.
func composed(t *testing.T) *types.Project {
	t.Helper()
	dir := t.TempDir()
	for from, to := range map[string]string{"docker-compose.yml": "docker-compose.yml", ".env.example": ".env"} {
		if err := os.WriteFile(filepath.Join(dir, to), []byte(read(t, from)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir: dir, Environment: types.Mapping{},
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(dir, "docker-compose.yml")}},
	}, func(o *loader.Options) { o.SetProjectName("fieldmarshal", false) })
	if err != nil {
		t.Fatalf("docker-compose.yml is not valid: %v", err)
	}
	return p
}

func TestComposeFile(t *testing.T) {
	p := composed(t)
	want := []string{"ingress", "postgresql", "temporal", "temporal-namespace", "temporal-schema", "temporal-ui", "worker"}
	if names := slices.Sorted(slices.Values(p.ServiceNames())); !slices.Equal(names, want) {
		t.Errorf("services %v, want %v", names, want)
	}
	for name, s := range p.Services {
		if s.Build == nil && !strings.Contains(s.Image, ":") {
			t.Errorf("%s: the image %s has no version", name, s.Image)
		}
		for _, port := range s.Ports {
			if name != "ingress" && port.HostIP != "127.0.0.1" {
				t.Errorf("%s: port %s is open to the network", name, port.Published)
			}
		}
		if strings.HasSuffix(name, "-schema") || strings.HasSuffix(name, "-namespace") {
			continue // they exit
		}
		if name != "temporal-ui" && (s.HealthCheck == nil || len(s.HealthCheck.Test) == 0) {
			t.Errorf("%s has no health check", name)
		}
	}
	for _, name := range []string{"ingress", "worker"} {
		s := p.Services[name]
		if len(s.Command) != 1 || s.Command[0] != name {
			t.Errorf("%s runs %v", name, s.Command)
		}
		if len(s.EnvFiles) != 1 || filepath.Base(s.EnvFiles[0].Path) != ".env" {
			t.Errorf("%s reads %v", name, s.EnvFiles)
		}
		for variable, value := range map[string]string{"TEMPORAL_ADDRESS": "temporal:7233", "HTTP_ADDR": ":8080", "INGRESS_ADMIN_ADDR": ":8082", "WORKER_HTTP_ADDR": ":8081"} {
			if got := s.Environment[variable]; got == nil || *got != value {
				t.Errorf("%s: %s is %v, want %s", name, variable, got, value)
			}
		}
	}
	if grace := p.Services["worker"].StopGracePeriod; grace == nil || grace.String() != "1m0s" {
		t.Errorf("a stopping worker is given %v and needs more than 40 s", grace)
	}
}

// TestInboxOutlivesTheContainer: the ingress writes to a volume, in the folder that the image creates for it.
func TestInboxOutlivesTheContainer(t *testing.T) {
	s := composed(t).Services["ingress"]
	dir := *s.Environment["INBOX_DIR"]
	if len(s.Volumes) != 1 || s.Volumes[0].Type != "volume" || s.Volumes[0].Target != dir {
		t.Errorf("INBOX_DIR is %s, the volumes are %+v", dir, s.Volumes)
	}
	image := read(t, "Dockerfile")
	for _, line := range []string{"ENV INBOX_DIR=" + dir, "/out/inbox " + dir, "USER 65532:65532"} {
		if !strings.Contains(image, line) {
			t.Errorf("the Dockerfile lacks %q", line)
		}
	}
}

// TestVersions: the image is built with go.mod's version of Go, and Temporal's images have the versions that tests use.
func TestVersions(t *testing.T) {
	mod := read(t, "go.mod")
	version := func(pattern string) string {
		m := regexp.MustCompile(pattern).FindStringSubmatch(mod)
		if m == nil {
			t.Fatalf("go.mod has nothing like %s", pattern)
		}
		return m[1]
	}
	if image := "golang:" + version(`(?m)^go ([\d.]+)$`); !strings.Contains(read(t, "Dockerfile"), "FROM "+image+" ") {
		t.Errorf("the Dockerfile does not build from %s", image)
	}
	p := composed(t)
	for service, image := range map[string]string{
		"temporal":    "temporalio/server:" + version(`go\.temporal\.io/server v([\d.]+)`),
		"temporal-ui": "temporalio/ui:" + version(`temporalio/ui-server/v2 v([\d.]+)`),
	} {
		if got := p.Services[service].Image; got != image {
			t.Errorf("%s is %s, want %s", service, got, image)
		}
	}
}

// TestSlackManifest: the app has the scopes that its API methods need, and its addresses are routes of the ingress.
func TestSlackManifest(t *testing.T) {
	var m struct {
		Features struct {
			AppHome struct {
				HomeTabEnabled bool `yaml:"home_tab_enabled"`
			} `yaml:"app_home"`
			Commands []struct{ Command, URL string } `yaml:"slash_commands"`
		}
		OAuth struct {
			Scopes struct{ Bot []string }
		} `yaml:"oauth_config"`
		Settings struct {
			Interactivity struct {
				Enabled bool   `yaml:"is_enabled"`
				URL     string `yaml:"request_url"`
			}
			Events struct {
				URL  string   `yaml:"request_url"`
				Bots []string `yaml:"bot_events"`
			} `yaml:"event_subscriptions"`
			Rotation bool `yaml:"token_rotation_enabled"`
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, "slack-manifest.yaml")), &m); err != nil {
		t.Fatal(err)
	}
	for _, scope := range []string{"chat:write", "channels:history", "groups:history", "channels:read", "groups:read", "usergroups:read", "users:read", "commands"} {
		if !slices.Contains(m.OAuth.Scopes.Bot, scope) {
			t.Errorf("the scope %s is missing", scope)
		}
	}
	routes := read(t, "ingress/router.go")
	addresses := []string{m.Settings.Interactivity.URL, m.Settings.Events.URL}
	for _, c := range m.Features.Commands {
		addresses = append(addresses, c.URL)
	}
	for _, address := range addresses {
		path, ok := strings.CutPrefix(address, "https://fieldmarshal.example.com")
		if !ok || !strings.Contains(routes, `"`+path+`"`) {
			t.Errorf("the ingress has no route for %q", address)
		}
	}
	if len(m.Features.Commands) != 1 || m.Features.Commands[0].Command != "/fieldmarshal" || !m.Features.AppHome.HomeTabEnabled ||
		!m.Settings.Interactivity.Enabled || !slices.Contains(m.Settings.Events.Bots, "app_home_opened") || m.Settings.Rotation {
		t.Errorf("the manifest lacks a feature: %+v", m)
	}
}

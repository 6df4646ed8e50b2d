package operator

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var someBuild = Build{Version: "v1.2.3", Revision: "4f2a", Go: "go1.26.8"}

func someSettings() ([]Setting, error) {
	return []Setting{{"CPI_CEILING", "", "default"}, {"SLACK_ALERTS_CHANNEL", "C1\x1b[31m\u009b\u202e", ".env"}, {"SLACK_BOT_TOKEN", "set", "environment"}}, errors.New("DRY_RUN must be true or false")
}

func TestConfig(t *testing.T) {
	a := run(t, nil, "", "config")
	a.wants(t, ExitUsage, "DRY_RUN must be true or false")
	want := "VARIABLE              VALUE      FROM\n" +
		"CPI_CEILING           -          default\n" +
		"SLACK_ALERTS_CHANNEL  C1\ufffd[31m\ufffd\ufffd  .env\n" +
		"SLACK_BOT_TOKEN       set        environment\n"
	if diff := cmp.Diff(want, a.out); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
	var got []Setting
	if err := json.Unmarshal([]byte(run(t, nil, "", "config", "--json").out), &got); err != nil {
		t.Fatal(err)
	}
	all, _ := someSettings()
	if diff := cmp.Diff(all, got); diff != "" {
		t.Errorf("config --json (-want +got):\n%s", diff)
	}
}

func TestVersion(t *testing.T) {
	run(t, nil, "", "version").wants(t, 0, "fieldmarshal v1.2.3 (revision 4f2a, go1.26.8)\n")
	var got Build
	if err := json.Unmarshal([]byte(run(t, nil, "", "version", "--json").out), &got); err != nil || got != someBuild {
		t.Errorf("%+v, %v", got, err)
	}
}

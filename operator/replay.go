package operator

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"fieldmarshal/workflows"
)

// Replayed is how one recorded history went, as replay answers it in JSON.
type Replayed struct {
	File  string `json:"file"`
	OK    bool   `json:"ok"`
	Fault string `json:"fault,omitempty"`
}

func (o Options) replay() *cobra.Command {
	cmd := o.make(help{
		use: "replay <folder>", short: "Replay recorded histories against this build: would anything break?",
		long: "Replay each history (*.json) in a folder and those below it against this build's workflows. One that does not replay would\n" +
			"block the open workflow it was taken from. Record one with: temporal workflow show --workflow-id project-29303649 --output json",
		example: "  fieldmarshal replay ./histories",
	}, one("a folder"), (*call).replay)
	cmd.ValidArgsFunction = nil // offers folders
	return cmd
}

func (c *call) replay() error {
	var files []string
	err := filepath.WalkDir(c.args[0], func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".json") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return &Fault{ExitUsage, err}
	}
	if len(files) == 0 {
		return noEffect("there is no history (*.json) in %s", c.args[0])
	}
	list, broken := []Replayed{}, 0
	for _, file := range files {
		r := Replayed{File: file, OK: true}
		if err := replayFile(file); err != nil {
			r.OK, r.Fault = false, err.Error()
			broken++
		}
		list = append(list, r)
	}
	err = c.show(list, func(p *page) {
		for _, r := range list {
			if r.OK {
				p.line("ok      %s", r.File)
				continue
			}
			p.line("BREAKS  %s\n        %s", r.File, r.Fault)
		}
		p.line("%d of %d histories replay.", len(list)-broken, len(list))
	})
	if err == nil && broken > 0 {
		return failed("%d of %d histories do not replay with this build", broken, len(list))
	}
	return err
}

// replayFile replays one history.
func replayFile(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	h, err := client.HistoryFromJSON(f, client.HistoryJSONOptions{})
	if err != nil {
		return fmt.Errorf("it can't be read as a history: %w", err)
	}
	return workflows.Replay(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)), h, workflows.Settings{})
}

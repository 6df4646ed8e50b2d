package operator

import (
	"strings"

	"github.com/spf13/cobra"
)

// Build says which build of the program runs.
type Build struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`           // of version control
	Time     string `json:"time,omitempty"`     // of the revision
	Modified bool   `json:"modified,omitempty"` // the tree had changes that no revision holds
	Go       string `json:"go"`
}

func (o Options) version() *cobra.Command {
	return o.make("version", none, func(c *call) error {
		return c.show(o.Build, func(p *page) { p.line("fieldmarshal %s", o.Build) })
	})
}

// String is a build in one line.
func (b Build) String() string {
	parts := []string{"revision " + b.Revision}
	if b.Modified {
		parts[0] += " with changes"
	}
	if b.Time != "" {
		parts = append(parts, "of "+b.Time)
	}
	return b.Version + " (" + strings.Join(append(parts, b.Go), ", ") + ")"
}

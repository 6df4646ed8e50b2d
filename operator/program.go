package operator

import (
	"cmp"

	"github.com/spf13/cobra"
)

// Setting is one variable of the configuration as it is in force.
type Setting struct {
	Variable string `json:"variable"`
	Value    string `json:"value"` // "set" for a secret; empty: none
	From     string `json:"from"`  // environment, .env, TEMPORAL_CONFIG_FILE or default
}

func (o Options) config() *cobra.Command {
	return o.make("config", func(c *call) error {
		settings, wrong := o.Settings()
		err := c.show(settings, func(p *page) {
			table(p, "VARIABLE|VALUE|FROM", settings, func(s Setting) []any { return []any{s.Variable, cmp.Or(s.Value, "-"), s.From} })
		})
		if err == nil && wrong != nil {
			return &Fault{ExitUsage, wrong}
		}
		return err
	})
}

// Build says which build of the program runs.
type Build struct {
	Version  string `json:"version"`
	Revision string `json:"revision"` // of version control
	Go       string `json:"go"`
}

func (o Options) version() *cobra.Command {
	return o.make("version", func(c *call) error {
		return c.show(o.Build, func(p *page) {
			p.line("fieldmarshal %s (revision %s, %s)", o.Build.Version, o.Build.Revision, o.Build.Go)
		})
	})
}

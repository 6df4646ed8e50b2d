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
	return o.make("config", none, func(c *call) error {
		settings, wrong := o.Settings()
		err := c.show(settings, func(p *page) {
			table(p, []string{"VARIABLE", "VALUE", "FROM"}, settings, func(s Setting) []any { return []any{s.Variable, cmp.Or(s.Value, "-"), s.From} })
		})
		if err == nil && wrong != nil {
			return &Fault{ExitUsage, wrong}
		}
		return err
	})
}

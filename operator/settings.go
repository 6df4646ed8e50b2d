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
	return o.make(help{
		use: "config", short: "Show the settings in force, and where each comes from",
		long: "Show each variable with its value and where that comes from: the environment, the file .env in this folder, or the\n" +
			"default. Secrets are shown as \"set\". Faults are told below, as ingress and worker tell them when they start, and make the\n" +
			"exit code 2. Run it where they run, with their environment.",
		example: "  fieldmarshal config\n  fieldmarshal config --json | jq '.[] | select(.from != \"default\")'",
	}, none, func(c *call) error {
		settings, wrong := o.Settings()
		err := c.show(settings, func(p *page) {
			rows := make([][]string, len(settings))
			for i, s := range settings {
				rows[i] = []string{s.Variable, cmp.Or(s.Value, "-"), s.From}
			}
			p.table([]string{"VARIABLE", "VALUE", "FROM"}, rows)
		})
		if err == nil && wrong != nil {
			return &Fault{ExitUsage, wrong}
		}
		return err
	})
}

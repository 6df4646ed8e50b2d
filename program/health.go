package program

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fieldmarshal/config"
	"fieldmarshal/operator"
)

// healthTimeout is how long to wait for an answer; both processes answer within two seconds.
const healthTimeout = 4 * time.Second

// health asks a process on this machine whether it is ready: for containers, whose image contains no other program that
// could.
func (i Invocation) health() *cobra.Command {
	return &cobra.Command{Use: "health <ingress|worker>", ValidArgs: []string{"ingress", "worker"}, RunE: func(cmd *cobra.Command, args []string) error {
		p, err := i.load(config.Operator)
		if err != nil {
			return err
		}
		address := p.Config.IngressAdminAddr
		if args[0] == "worker" {
			address = p.Config.WorkerHTTPAddr
		}
		client := http.Client{Timeout: healthTimeout}
		answer, err := client.Get(localURL(address) + "/readyz")
		if err != nil {
			return running(fmt.Errorf("nothing answers: %w", err))
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
		fmt.Fprintln(cmd.OutOrStdout(), operator.Printable(strings.TrimSpace(string(body))))
		if answer.StatusCode != http.StatusOK {
			return running(fmt.Errorf("the %s is not ready (HTTP %d)", args[0], answer.StatusCode))
		}
		return nil
	}}
}

package program

import (
	"context"
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
		said, err := askReady(cmd.Context(), ingressURL(address))
		if said != "" {
			fmt.Fprintln(cmd.OutOrStdout(), operator.Printable(said))
		}
		return running(err)
	}}
}

// askReady returns the body of /readyz, and an error unless the process is ready.
func askReady(ctx context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("nothing answers: %w", err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
	if answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s is not ready (HTTP %d)", url, answer.StatusCode)
	}
	return strings.TrimSpace(string(body)), err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"fieldmarshal/prodege"
	"fieldmarshal/simulator"
)

// demo plays the first scenario: the example of Prodege's webhook description, but for its time and id, and a pause that
// needs a higher CPI. Both go to the ingress over HTTP, signed.
func (s *stack) demo(ctx context.Context, out io.Writer) error {
	if s.prodege == nil {
		return errors.New("prodege is not simulated") // parseFlags refuses it; money hangs on it
	}
	ctx, cancel := context.WithTimeout(ctx, s.limits.demo)
	defer cancel()
	if _, err := s.prodege.Pause(ctx, seedProject, prodege.SampleSize); err != nil {
		return err
	}
	if _, err := s.prodege.PauseForCPI(ctx, cpiProject, prodege.MustUSD("4.25"), simulator.How{Pricing: true}); err != nil {
		return err
	}
	if s.slack == nil {
		fmt.Fprintln(out, "Demo: two events sent; look into your Slack channels.")
		return nil
	}
	alert, err := s.slack.WaitMessage(ctx, alertsChannel, func(simulator.Message) bool { return true })
	if err != nil {
		return fmt.Errorf("no alert came: %w", err)
	}
	request, err := s.slack.WaitMessage(ctx, approvalsChannel, func(m simulator.Message) bool { return len(simulator.Buttons(m)) > 0 })
	if err != nil {
		return fmt.Errorf("no request came: %w", err)
	}
	fmt.Fprintf(out, "Demo: two events were sent to the ingress, signed, as Prodege sends them.\n  #survey-alerts  %s\n  #cpi-approvals  %s\nOpen %s/ and press Approve as Ann.\n",
		alert.Text, request.Text, address(s.page))
	return nil
}

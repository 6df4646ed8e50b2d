// Package activities contains every effect on the world, with files per counterparty: Slack, Prodege, billing, and Temporal
// itself. Inputs and outputs are those of package project, which makes all decisions.
//
// An activity is one attempt of at most 30 seconds, and Temporal never retries it. The input says what an earlier attempt
// may have done, so that this one checks before it acts. The error contains a project.Failure; errors.go is the only place
// that makes them, and FailureOf reads them.
package activities

import (
	"context"

	"go.temporal.io/sdk/activity"
)

// Metrics, counted with the worker's metrics handler.
const (
	metricSlack   = "fieldmarshal_slack_calls"   // call: post, edit, ephemeral; outcome: sent, found, plain, gone, limited, transient, operator_action
	metricProdege = "fieldmarshal_prodege_calls" // call: read, clicks, update; outcome: done, limited, transient, refused, given_up
	metricAccept  = "fieldmarshal_acceptances"   // outcome: a project.Outcome
	metricBilling = "fieldmarshal_billing_calls" // outcome: sent, conflict, limited, transient, refused
)

func count(ctx context.Context, name, outcome string, call string) {
	tags := map[string]string{"outcome": outcome}
	if call != "" {
		tags["call"] = call
	}
	activity.GetMetricsHandler(ctx).WithTags(tags).Counter(name).Inc(1)
}

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

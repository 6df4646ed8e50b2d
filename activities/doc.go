// Package activities contains every effect on the world, with files per counterparty: Slack, Prodege, billing, and Temporal
// itself. Inputs and outputs are those of package project, which makes all decisions.
//
// An activity is one attempt of at most 30 seconds, and Temporal never retries it. The input says what an earlier attempt
// may have done, so that this one checks before it acts. The error contains a project.Failure; errors.go is the only place
// that makes them, and FailureOf reads them.
package activities

// Package activities is every effect on the world, a file for each counterparty: Slack, Prodege, billing, and
// Temporal itself. Inputs and outputs are those of package project, which decides everything; nothing here does.
//
// An activity is one attempt of at most 30 seconds, and Temporal never retries it. What an earlier attempt may have
// done comes in with the input, so that this one looks before it acts. How an attempt failed goes out as a
// project.Failure; errors.go is the one place that makes them, and FailureOf reads them.
package activities

// Package workflows drives the pure core (package project) with Temporal. Project is one workflow per survey project:
// one loop that takes signals, finished activities and the time in, lets the core decide, and starts, cancels and shows
// what it wants. Nothing in that loop blocks and nothing in it decides. Control is the kill switch, Digest tells of a
// burst of pauses together, Report of a week.
//
// client.go is all that others use to reach a workflow.
package workflows

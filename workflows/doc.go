// Package workflows drives the pure core (package project) with Temporal. Project is a workflow per survey project: a loop
// that receives signals, finished activities and the time, lets the core decide, and starts, cancels and shows what the core
// wants. Nothing in that loop blocks, and nothing in it decides. Control is the kill switch, Digest posts a burst of pauses
// together, and Report sums up a week.
//
// client.go is the only way for other packages to reach a workflow.
package workflows

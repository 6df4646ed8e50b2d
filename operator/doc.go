// Package operator is the operator's commands of fieldmarshal: what stands still and why, decisions from the
// command line, the inbox on disk, evidence for a dispute, and whether everything is set up as it should be.
//
// It decides nothing. It reads what workflows, inbox and counterparties tell, and hands on what a person asks
// for; whether that counts is for the workflow to say. Every command can answer in JSON.
package operator

// Package operator is the operator's commands of fieldmarshal: which projects wait and why, decisions from the command
// line, the inbox on disk, evidence for a dispute, and whether everything is set up as it should be.
//
// It decides nothing. It reads what workflows, inbox and counterparties tell, and passes on what a person asks for;
// whether that counts is for the project to say. Wording is that of package cards. Every command can answer in JSON.
package operator

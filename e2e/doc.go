// Package e2e has the end-to-end tests: the very program, as `go build` makes it, run as an ingress and a
// worker process against a real Temporal server, with stand-ins for Slack, Prodege and billing on the other
// side of HTTP. A test does what a person or a counterparty would do, and looks at what they would see.
//
// Besides devserver and cmd/dev it alone links the Temporal server. `go test ./e2e` needs nothing installed;
// -run TestScenarios -record writes the histories that workflows/replay_test.go replays.
package e2e

// Package e2e contains the end-to-end tests: the program as `go build` makes it, run as an ingress process and a worker
// process against a real Temporal server, with stand-ins for Slack, Prodege and billing at the other end of HTTP. A test
// does what a person or a counterparty would do, and checks what they would see.
//
// Only this package, devserver and cmd/dev link the Temporal server. `go test ./e2e` needs nothing installed;
// -run TestScenarios -record writes the histories that workflows/replay_test.go replays.
package e2e

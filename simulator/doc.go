// Package simulator has stand-ins for Slack, Prodege and a billing system. They speak the real protocols
// over HTTP and refuse what the real ones refuse, so that the whole program can be run and tested with
// nothing else: bad signatures, messages over Slack's limits, unknown channels, expired triggers, status
// changes that Prodege does not allow.
//
// Three halves belong together: an http.Handler that the program calls, methods that act as the people and
// the supplier on the other side (click a button, pause a project), and methods that read what came of it.
// Faults can be put in front of every call and are counted, so that a test can tell that its fault fired.
//
// The package knows the vocabulary of prodege and nothing else of this program: what it accepts follows the
// counterparties' documentation, never our own code. It is not for production.
package simulator

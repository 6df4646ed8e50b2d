// Package cards is what people see in Slack. Facts go in; blocks and a plain-text fallback that says the
// same in one line come out. It is pure: no clock, no network, no configuration. The value that a button
// carries is encoded and decoded here, side by side.
//
// Every text from outside is escaped, so that a project named <!channel> pings nobody, and cut so that
// Slack's limits hold for any input.
package cards

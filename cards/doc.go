// Package cards words the facts of package project for people: Slack messages with their fallback text, modals, the
// home tab, the page in the Temporal UI and the one line of lists. It is pure: no clock, no network, no
// configuration. The value that a button carries is encoded and decoded here, side by side.
//
// Text from outside is escaped, so that a project named <!channel> pings nobody, and cut, so that Slack's limits
// hold for any input.
//
// Rules of wording: the message says first what happened or what is asked, then what to do. Amounts carry their
// difference in money and per cent. A fault names the party that reported it, and Prodege is never said to have
// answered what it was not asked. Every message names the project.
package cards

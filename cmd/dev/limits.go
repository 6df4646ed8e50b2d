package main

import "time"

// limits are how long this or that may take. Zero values are the usual ones; on a busy machine a test takes longer.
type limits struct {
	ready  time.Duration // everything to answer after a start, and Temporal after each; two seconds are usual
	demo   time.Duration // Slack to say something in the demo; a second or two are usual
	breath time.Duration // between two steps of a scenario; the page's own
	step   time.Duration // a step of a scenario; the page's own
	effect time.Duration // what comes of a click on the page; the page's own
	soon   time.Duration // the answer to a delivery that is sent from the page; the page's own
	slack  time.Duration // the simulated Slack to wait for an answer; its own
	live   time.Duration // Prodege to tell of what the program's calls changed
}

// orUsual fills in what is usual. What is left zero has its default elsewhere.
func (l limits) orUsual() limits {
	if l.ready == 0 {
		l.ready = 60 * time.Second
	}
	if l.demo == 0 {
		l.demo = 90 * time.Second
	}
	if l.live == 0 {
		l.live = 2 * time.Second
	}
	return l
}

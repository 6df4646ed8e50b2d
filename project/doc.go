// Package project is the life of one survey project as a pure state machine: every decision of Fieldmarshal is
// made here. In go a turn's events, decisions of people, results of tasks and the time, with the settings of now
// (State.Step); out come the tasks that should be under way (State.Wanted), when it wants to be woken next
// (State.Wake), and what people should see of it (State.View, and the cards of its messages).
//
// It has no I/O, no clock, no randomness and no goroutine, and knows nothing of Temporal: package workflows drives
// it. Its state is one struct of plain JSON. It states what should be, the driver makes it so. That is why any
// number of events that waited are taken in one turn, and why it can be explored exhaustively (explore_test.go) and
// told as stories (testdata/*.txt).
//
// A file is one part of the business:
//
//	events.go      each event is taken once, in order, and changes the project's status
//	pause.go       one pause is one alert; what follows goes into its thread
//	inactivity.go  the clock of a pause for inactivity
//	request.go     people are asked to approve a required CPI
//	waiting.go     reminders and expiry of a request
//	action.go      people act on a pause from its alert
//	decision.go    who may decide, which click counts, and what a vain one is told
//	act.go         what was decided is done at Prodege, one act at a time
//	invoice.go     a completed project is invoiced, once per revision
//	poll.go        Prodege is asked how the project is, as a webhook can be missed
//	outbox.go      what is to be said in Slack, and what stands there
//	unsaid.go      people learn elsewhere of what Slack does not take
//	ledger.go      the record of decisions, calls and pauses; report.go sums it up
//	view.go        what people see in the list and on the page
//	project.go     one turn, from top to bottom
//	task.go, facts.go, settings.go, state.go  the vocabulary
package project

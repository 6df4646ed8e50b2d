// Package project is the life of one survey project as a pure state machine: Fieldmarshal makes all its decisions here. The
// input of a turn (State.Step) is events, people's decisions, results of tasks, the time and the current settings. The output
// is the tasks that should be running (State.Wanted), when to wake up next (State.Wake), and what people should see
// (State.View, and the cards of its messages).
//
// It has no I/O, no clock, no randomness and no goroutines, and does not know Temporal: package workflows drives it. Its state
// is one struct of plain JSON. It says what should be, and the driver makes it so. Therefore a turn can handle any number of
// events, and the package can be explored exhaustively (explore_test.go) and described in stories (testdata/*.txt).
//
// Each file is a part of the business:
//
//	events.go      each event is handled once, in order, and changes the project's status
//	pause.go       one alert per pause; what follows goes into its thread
//	inactivity.go  the clock of a pause for inactivity
//	request.go     people are asked to approve a required CPI
//	approval.go    the limits of an approval; figures.go, what people are shown for it
//	waiting.go     reminders and expiry of a request
//	action.go      people act on a pause from its alert
//	decision.go    who may decide, which click counts, and the answer to one that does not
//	act.go         what was decided is done at Prodege, one act at a time
//	effect.go      whether that had its effect, and how a question ends
//	invoice.go     a completed project is invoiced, once per revision; billing.go, the call
//	poll.go        Prodege is asked for the project's status, in case a webhook was missed
//	outbox.go      what should be in Slack; posting.go, how it gets there
//	outage.go      people are told elsewhere if Slack does not accept a message
//	ledger.go      the record of decisions, calls and pauses; report.go sums it up
//	view.go        what people see in the Temporal UI's list
//	project.go     a turn, from top to bottom
//	task.go, facts.go, settings.go, state.go  the vocabulary
package project

// Package inbox keeps deliveries on disk until Temporal has them. It is a write-ahead log in front of Temporal, and
// the one path that every event takes.
//
// It guarantees:
//   - Once Append returns nil, the events are fsynced. Each is handed on at least once, whatever happens to the
//     process, in the order in which the events were appended for each project.
//   - An event is forgotten only after the handover returned nil, or the event became a dead letter. Forgetting is
//     not fsynced, so after a crash the last second's events may be handed on again.
//   - A damaged line costs the one record in it. It is set aside with an alarm, and everything else goes on.
//   - A disk that refuses or hangs is reported to the caller of Append within a second. The inbox works again when the
//     disk does.
//
// It never drops an event: what can never be handed on waits in the list of dead letters for a person.
//
// The folder holds logs of lines: <number>.log for events, dead-<number>.log for dead letters, refused-<number>.log for
// refused deliveries, and beside each a .done file with the numbers that are finished. One goroutine writes to the folder
// and one at a time reads from it, so that a disk that hangs holds up nothing else.
//
// What is where, in the order in which to read it:
//
//	inbox.go    opening, appending, closing
//	writer.go   the goroutine that writes: one commit serves all that wait
//	journal.go  files of records, for events, dead letters and refused deliveries alike; line.go, what a line is;
//	            disk.go, the calls to the system
//	health.go   a disk that refuses or hangs
//	forward.go  handing on; queue.go, which project is tried next, and what is stuck
//	dead.go     dead letters
//	refused.go  refused deliveries, and admitting them; lots.go, which are kept
//	drain.go    emptying the inbox permanently
//	stats.go    how it stands; alarms.go, telling people
//	control.go  the socket for the operator's commands; client.go, their side of it
package inbox

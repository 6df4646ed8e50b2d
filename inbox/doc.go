// Package inbox keeps deliveries on disk until Temporal has them. It is a write-ahead log in front of Temporal that every
// event goes through.
//
// It guarantees:
//   - Once Append returns nil, the events are fsynced. Each is handed on at least once, whatever happens to the process.
//     Per project that is done in the order in which they were appended.
//   - An event is forgotten only after the handover returned nil, or the event became a dead letter. Forgetting is
//     not fsynced, so after a crash the last second's events may be handed on again.
//   - A damaged line costs only the record in it. It is kept and raises an alarm; everything else goes on.
//   - A disk that fails or hangs is reported to the caller of Append within a second. The inbox works again when the disk
//     does.
//
// It never drops an event: one that can't be handed on becomes a dead letter, which waits for a person.
//
// The folder contains logs of lines: <number>.log for events, dead-<number>.log for dead letters, refused-<number>.log
// for refused deliveries, and for each a .done file with the numbers that are finished. One goroutine writes to the folder
// and one at a time reads from it, so that a disk that hangs blocks nothing else.
//
// The files, in the order in which to read them:
//
//	inbox.go    opening, appending, closing
//	writer.go   the goroutine that writes: one commit serves everything that waits
//	journal.go  files of records: events, dead letters or refused deliveries; line.go, the format of a line; disk.go, the
//	            calls to the file system
//	health.go   a disk that fails or hangs
//	forward.go  handing on; queue.go, which project is tried next, and what is stuck
//	dead.go     dead letters
//	refused.go  refused deliveries, and admitting them; lots.go, which are kept
//	drain.go    emptying the inbox permanently
//	stats.go    counters and waiting events; alarms.go, telling people
//	control.go  the socket for the operator's commands; client.go, their side of it
package inbox

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
// The folder holds logs of lines (line.go, journal.go): <number>.log for events, dead-<number>.log for dead letters,
// refused-<number>.log for refused deliveries, and beside each a .done file with the numbers that are finished. One
// goroutine writes to the folder (writer.go) and one at a time reads from it, so that a disk that hangs holds up
// nothing else.
package inbox

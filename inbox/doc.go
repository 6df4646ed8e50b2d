// Package inbox keeps deliveries on disk until Temporal has them: a write-ahead log in front of it, and the
// one path that every event takes.
//
// What it guarantees:
//   - Once Append returns nil, the events are fsynced. They are handed on at least once each, whatever
//     happens to the process, in the order in which they were appended for each project.
//   - An event is forgotten only after the hand-over returned nil (or it became a dead letter). Forgetting
//     is not fsynced on its own, so that after a crash the last second's events may be handed on again.
//   - A file that can't be trusted is set aside with an alarm, what is readable of it is taken over, and the
//     inbox opens empty otherwise.
//   - A disk that refuses is told to the caller of Append at once; the inbox works again when the disk does.
//
// It never drops an event: what is refused for good waits in the list of dead letters for a person.
package inbox

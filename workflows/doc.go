// Package workflows is every decision. Code here is deterministic: the time comes from the workflow,
// effects are activities, configuration is a recorded read. Handlers only record facts; the main coroutine
// of each workflow decides.
package workflows

import "strconv"

func itoa(n int) string { return strconv.Itoa(n) }

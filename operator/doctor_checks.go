package operator

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fieldmarshal/inbox"
	"fieldmarshal/prodege"
)

func (e *examination) configuration(context.Context) {
	for _, finding := range e.world.Findings {
		if strings.Contains(finding, "is required and missing") && !strings.Contains(finding, "is set, and not read") {
			continue // each of these is told with what it is for, below
		}
		e.add(Broken, "configuration", "change it in the environment or in .env; the README has a table of all variables", "%s", finding)
	}
	for _, warning := range e.world.Warnings {
		e.add(Warning, "configuration", "change it in the environment or in .env if it is not meant so", "%s", warning)
	}
	if len(e.world.Findings)+len(e.world.Warnings) == 0 {
		e.add(Fine, "configuration", "", "is read without faults")
	}
	if e.world.Facts.DryRun {
		e.add(Warning, "DRY_RUN", "set DRY_RUN=false when acceptances and invoices are to be sent", "on: everything is decided and told, nothing is sent")
	}
}

// foreignProject is a project that is not ours: with good credentials Prodege answers that it does not know it.
const foreignProject prodege.ProjectID = 1

func (e *examination) prodege(ctx context.Context) {
	if len(e.world.Facts.SecretKeys) == 0 {
		e.add(Broken, "Prodege secret key", "set PRODEGE_SECRET_KEY to the account's secret key", "is missing: no webhook would be accepted")
	}
	if e.world.Prodege == nil {
		e.add(Warning, "Prodege API", "set PRODEGE_API_KEY (and PRODEGE_SECRET_KEY) to have approvals accepted and projects read", "there is no key: nothing is called, people are asked to accept by hand")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	_, err := e.world.Prodege.ProjectInfo(ctx, foreignProject)
	var refused *prodege.APIError
	switch {
	case err == nil:
		e.add(Fine, "Prodege API", "", "answers at %s, and takes our key and signature", e.world.Facts.ProdegeURL)
	case !errors.As(err, &refused):
		e.add(Broken, "Prodege API", "check PRODEGE_BASE_URL", "%v", err)
	case refused.Unauthorized():
		e.add(Broken, "Prodege API", "check PRODEGE_API_KEY and PRODEGE_SECRET_KEY: they belong together, and to the address in PRODEGE_BASE_URL", "%s", refused.Words())
	case slices.ContainsFunc(refused.Codes, func(code int) bool { return code >= 2001 && code <= 2003 }):
		e.add(Fine, "Prodege API", "", "answers at %s, and takes our key and signature", e.world.Facts.ProdegeURL)
	case refused.Retryable() && len(refused.Codes) > 0: // maintenance, rate, our clock
		e.add(Warning, "Prodege API", "run doctor again in a while; if it stays so check this machine's clock", "%s", refused.Words())
	default:
		e.add(Broken, "Prodege API", "check PRODEGE_BASE_URL, and that this machine reaches it", "%s", refused.Words())
	}
}

func (e *examination) inbox(ctx context.Context) {
	dir := e.world.Facts.InboxDir
	if why := inbox.Volatile(existing(dir)); why != "" {
		e.add(Warning, "inbox disk", "set INBOX_DIR to a folder on a disk that survives process and container", "%s lies in %s: deliveries may be lost", dir, why)
	} else {
		e.add(Fine, "inbox disk", "", "%s lies on a disk", dir)
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	l, err := e.world.Inbox.List(ctx)
	switch {
	case err != nil:
		e.add(Warning, "inbox", "nothing, if the ingress runs elsewhere", "%v", err)
	case l.Stats.Fault != "":
		e.add(Broken, "inbox", "free space or repair the disk", "the disk refuses: %s", l.Stats.Fault)
	case l.Stats.DeadLetters > 0:
		e.add(Warning, "inbox", "fieldmarshal deadletter", "%d dead letters wait for a person", l.Stats.DeadLetters)
	case l.Stats.Stuck > 0:
		e.add(Warning, "inbox", "fieldmarshal inbox, and look at the project's workflow", "%d events are stuck: Temporal has not accepted them for a day, though it accepts others", l.Stats.Stuck)
	default:
		e.add(Fine, "inbox", "", "the ingress here answers; %d events wait", l.Stats.Depth)
	}
}

// existing is the folder itself, or the nearest above it that exists.
func existing(dir string) string {
	for at, err := filepath.Abs(dir); err == nil; at = filepath.Dir(at) {
		if _, err := os.Stat(at); err == nil || at == filepath.Dir(at) {
			return at
		}
	}
	return dir
}

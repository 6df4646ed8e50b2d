package workflows

import "go.temporal.io/sdk/workflow"

// registry is what workflows are registered with: a worker, a replayer, a test environment.
type registry interface {
	RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions)
}

// Register registers every workflow under its name.
func Register(r registry, w *Workflows) {
	for name, fn := range map[string]any{TypeProject: w.Project, TypeCPIApproval: w.CPIApproval, TypeProjectAction: w.ProjectAction, TypeInvoicing: w.Invoicing, TypeControl: w.Control, TypeDigest: w.Digest, TypeReport: w.Report} {
		r.RegisterWorkflowWithOptions(fn, workflow.RegisterOptions{Name: name})
	}
}

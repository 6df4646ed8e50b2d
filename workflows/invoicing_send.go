package workflows

import (
	"encoding/json"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"fieldmarshal/activities"
	"fieldmarshal/prodege"
)

// invoiceBody is what billing gets. Money is decimal text; times carry their zone.
type invoiceBody struct {
	Type      string      `json:"type"` // invoice.requested, from the second revision on invoice.revised
	Timestamp time.Time   `json:"timestamp"`
	Data      invoiceData `json:"data"`
}

type invoiceData struct {
	ProjectID          prodege.ProjectID    `json:"project_id"`
	ProjectName        string               `json:"project_name"`
	ReferenceID        string               `json:"reference_id"` // PO number
	Revision           int                  `json:"revision"`
	Supersedes         string               `json:"supersedes,omitempty"` // key of the revision before
	CompletedAt        time.Time            `json:"completed_at"`
	UpdateReason       prodege.Reason       `json:"update_reason"`
	Description        string               `json:"description"`
	ReconciliationNote string               `json:"reconciliation_note"`
	CPI                *prodege.USD         `json:"cpi"`
	Currency           string               `json:"currency"`
	Completes          int64                `json:"completes,omitempty"` // about: quotas may overlap
	ProjectInfo        *prodege.ProjectInfo `json:"project_info,omitempty"`
}

// send fixes the body, once, and starts the call to billing.
func (i *invoicing) send(ctx workflow.Context) {
	if i.Invoice.Body == "" {
		draft := i.Invoice
		info := i.readFacts(ctx)
		if i.overtaken(ctx, draft) {
			return
		}
		i.Invoice.Body = i.compose(ctx, info)
	}
	i.Invoice.Refusal = nil
	i.Invoice.Phase, i.Invoice.PhaseAt = "sending", workflow.Now(ctx)
	i.SlowAt = workflow.Now(ctx).Add(slowAfter)
	var callCtx workflow.Context
	callCtx, i.breaks = workflow.WithCancel(ctx)
	i.call = sendInvoice(callCtx, activities.SendInvoice{Key: i.Invoice.Key, Body: i.Invoice.Body})
	if i.board.find(i.Invoice.Key) != nil {
		i.draw(ctx)
	}
}

// readFacts asks Prodege for what belongs on an invoice; without an answer in time it goes without.
func (i *invoicing) readFacts(ctx workflow.Context) *prodege.ProjectInfo {
	if !i.Settings.HasAPIKey {
		return nil
	}
	reading, err := readProject(ctx, activities.ReadProject{Project: i.Project.ID, Quotas: true}, time.Minute, "read the project's facts for "+i.Invoice.Key)
	if err != nil {
		workflow.GetLogger(ctx).Warn("the invoice goes out without Prodege's figures", "project_id", i.Project.ID.String(), "error", err)
		return nil
	}
	info := reading.Info
	if info.Name != "" {
		i.Project.Name, i.Project.PONumber = cut(info.Name, 200), cut(info.ReferenceID, 100)
	}
	if i.Invoice.CPI = info.AvgCPI; i.Invoice.CPI == nil {
		i.Invoice.CPI = info.CPI
	}
	if reading.Quotas != nil {
		i.Invoice.Completes = reading.Quotas.Completes
	}
	return &info
}

// compose makes the bytes that are sent at each try.
func (i *invoicing) compose(ctx workflow.Context, info *prodege.ProjectInfo) string {
	d := i.Invoice
	body := invoiceBody{Type: "invoice.requested", Timestamp: workflow.Now(ctx).UTC(), Data: invoiceData{
		ProjectID: i.Project.ID, ProjectName: i.Project.Name, ReferenceID: i.Project.PONumber, Revision: d.Revision,
		CompletedAt: d.Event.Time, UpdateReason: d.Event.Reason, Description: d.Event.Description,
		ReconciliationNote: d.Event.ReconciliationNote, CPI: d.CPI, Currency: "USD", Completes: d.Completes, ProjectInfo: info,
	}}
	if d.Revision > 1 {
		body.Type, body.Data.Supersedes = "invoice.revised", InvoiceKey(i.Project.ID, d.Revision-1)
	}
	raw, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Errorf("compose %s: %w", d.Key, err)) // plain values always marshal
	}
	return string(raw)
}

// hearBilling settles a call that has ended.
func (i *invoicing) hearBilling(ctx workflow.Context) {
	if i.call == nil || !i.call.IsReady() {
		return
	}
	var got activities.InvoiceSent
	err := i.call.Get(ctx, &got)
	i.call, i.SlowAt = nil, time.Time{}
	switch {
	case err != nil && i.deleted() && workflow.GetVersion(ctx, "a deleted project's invoice says so", workflow.DefaultVersion, 1) >= 1:
		i.Invoice.Phase = activities.PhaseInvoiceSlow // conclude says the rest
		i.tell(ctx, &Line{At: workflow.Now(ctx), Kind: LineInvoice, What: "broken off as the project was deleted; it may have reached billing", Ref: i.Invoice.Key})
	case err != nil:
		refusal, known := activities.RefusalOf(err)
		if !known {
			refusal = activities.Refusal{Party: "billing", Text: err.Error()}
		}
		refusal.Text = cut(refusal.Text, 300)
		i.Invoice.Refusal = &refusal
		i.enter(ctx, activities.PhaseInvoiceRefused)
		i.tell(ctx, &Line{At: workflow.Now(ctx), Kind: LineInvoice, What: "refused by billing: " + refusal.Text, Ref: i.Invoice.Key})
	case got.DryRun:
		i.heldBack(ctx)
	case got.NoURL:
		i.enter(ctx, activities.PhaseInvoiceByHand)
	default:
		i.sent(ctx)
	}
	if next := i.Next; next != nil {
		i.Next = nil
		i.draft(ctx, *next, i.Invoice.Revision+1)
	}
}

// sent records that billing has it. People are told only where they were told of trouble before.
func (i *invoicing) sent(ctx workflow.Context) {
	i.Invoice.HeldBack = false
	i.Invoice.Phase, i.Invoice.PhaseAt = activities.PhaseInvoiceSent, workflow.Now(ctx)
	if i.board.find(i.Invoice.Key) != nil {
		i.draw(ctx)
	}
	i.tell(ctx, &Line{At: workflow.Now(ctx), Kind: LineInvoice, What: "taken by billing", Ref: i.Invoice.Key})
}

// lookAtDryRun asks people whether to send what was held back, once DRY_RUN is off.
func (i *invoicing) lookAtDryRun(ctx workflow.Context) {
	if i.Invoice.Phase != activities.PhaseInvoiceDryRun {
		return
	}
	if i.Settings = i.w.readSettings(ctx); i.Settings.DryRun {
		i.LookAgain = workflow.Now(ctx).Add(dryRunLook)
		return
	}
	i.enter(ctx, activities.PhaseInvoiceAsks)
}

// hearPeople takes clicks on the finance channel's buttons. Whoever can click there may: making an invoice
// spends nothing at Prodege, and finance is another team than the approvers.
func (i *invoicing) hearPeople(ctx workflow.Context) {
	for _, d := range Decide.drain(ctx) {
		i.consider(ctx, d)
		i.draw(ctx)
		i.board.again(i.Invoice.Key)
		i.WriteAgain = workflow.Now(ctx).Add(rewriteAfter)
	}
}

func (i *invoicing) consider(ctx workflow.Context, d Decision) {
	if !i.Clicks.first(d.Click) {
		return
	}
	phase := i.Invoice.Phase
	held := phase == activities.PhaseInvoiceAsks || phase == activities.PhaseInvoiceAsked
	switch {
	case d.Revision != i.Invoice.Revision:
		i.answer(d, activities.AnswerSuperseded)
	case d.Verdict == activities.VerdictMarkInvoiced && (phase == activities.PhaseInvoiceByHand || phase == activities.PhaseInvoiceRefused):
		i.record(ctx, d, "marked as invoiced")
		i.Invoice.By = d.User
		i.enter(ctx, activities.PhaseInvoiceMarked)
	case d.Verdict == activities.VerdictTryAgain && phase == activities.PhaseInvoiceRefused, d.Verdict == activities.VerdictSendInvoice && held:
		i.record(ctx, d, "send it now")
		i.SecondLife, i.Invoice.HeldBack = false, false // a person has decided
		i.Invoice.Phase = invoiceDue
		if phase == activities.PhaseInvoiceRefused && workflow.GetVersion(ctx, "an invoice tried again may be held", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
			i.send(ctx)
		}
	default:
		i.answer(d, activities.AnswerDecided)
	}
}

func (i *invoicing) record(ctx workflow.Context, d Decision, what string) {
	i.tell(ctx, &Line{At: workflow.Now(ctx), Kind: LineInvoice, What: what, By: d.User, From: d.From, Ref: i.Invoice.Key})
}

func (i *invoicing) answer(d Decision, kind activities.AnswerKind) {
	if d.Channel == "" {
		return
	}
	i.board.whisper("answer-"+seenKey(d.Click), d.Channel, d.User, activities.Card{Answer: &activities.Answer{Kind: kind, Project: i.Project, Simulated: i.Settings.Simulated}}, string(kind))
}

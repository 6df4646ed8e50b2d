package workflows

import (
	"strings"
	"time"
	"unicode/utf8"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"fieldmarshal/prodege"
)

// Waiting says what a project waits for; it is the value of the search attribute WaitingFor.
type Waiting string

// What a project can wait for.
const (
	WaitsNothing        Waiting = "nothing"
	WaitsApproval       Waiting = "approval"       // a person's decision
	WaitsLive           Waiting = "live"           // the project standing still to go live
	WaitsReconciliation Waiting = "reconciliation" // PENDING_COMPLETE to become COMPLETE
	WaitsInvoicing      Waiting = "invoicing"      // our invoice to be made
	WaitsInvoiced       Waiting = "invoiced"       // Prodege to say INVOICED
)

// The search attributes. On SQL visibility 3 Int, 3 Double, 3 Bool, 3 Datetime and 10 Keyword fit.
var (
	attrProjectID        = temporal.NewSearchAttributeKeyInt64("ProjectId")
	attrProjectStatus    = temporal.NewSearchAttributeKeyKeyword("ProjectStatus")
	attrUpdateReason     = temporal.NewSearchAttributeKeyInt64("UpdateReason")
	attrWaitingFor       = temporal.NewSearchAttributeKeyKeyword("WaitingFor")
	attrWaitingSince     = temporal.NewSearchAttributeKeyTime("WaitingSince")
	attrApprovalDeadline = temporal.NewSearchAttributeKeyTime("ApprovalDeadline")
	attrAutoCompleteAt   = temporal.NewSearchAttributeKeyTime("AutoCompleteAt")
	attrRequiredCPI      = temporal.NewSearchAttributeKeyFloat64("RequiredCPI")
	attrNeedsAttention   = temporal.NewSearchAttributeKeyBool("NeedsAttention")
	attrSummary          = temporal.NewSearchAttributeKeyKeyword("Summary")
)

// Attribute is a search attribute's name and type, as the server must know it.
type Attribute struct {
	Name string
	Type enums.IndexedValueType
}

// Attributes lists every search attribute that workflows set.
func Attributes() []Attribute {
	keys := []temporal.SearchAttributeKey{attrProjectID, attrProjectStatus, attrUpdateReason, attrWaitingFor,
		attrWaitingSince, attrApprovalDeadline, attrAutoCompleteAt, attrRequiredCPI, attrNeedsAttention, attrSummary}
	list := make([]Attribute, len(keys))
	for i, k := range keys {
		list[i] = Attribute{k.GetName(), k.GetValueType()}
	}
	return list
}

// view is what the list of workflows shows of one. Only Projects set waiting, so that one filter counts once.
type view struct {
	Project   prodege.ProjectID
	Status    prodege.Status
	Reason    prodege.Reason
	Waiting   Waiting
	Since     time.Time
	Deadline  time.Time
	Completes time.Time `json:",omitzero"` // by itself, for inactivity
	Required  *prodege.USD
	Attention bool
	Summary   string
}

// show writes the search attributes, where they differ from what was written last.
func (v view) show(ctx workflow.Context, last *view) {
	if last != nil && sameJSON(v, *last) {
		return
	}
	updates := []temporal.SearchAttributeUpdate{
		attrProjectID.ValueSet(int64(v.Project)),
		attrNeedsAttention.ValueSet(v.Attention),
		attrSummary.ValueSet(keyword(v.Summary)),
	}
	if v.Status != "" {
		updates = append(updates, attrProjectStatus.ValueSet(keyword(string(v.Status))), attrUpdateReason.ValueSet(int64(v.Reason)))
	}
	if v.Waiting != "" {
		updates = append(updates, attrWaitingFor.ValueSet(string(v.Waiting)), attrWaitingSince.ValueSet(v.Since))
	}
	if v.Deadline.IsZero() {
		updates = append(updates, attrApprovalDeadline.ValueUnset())
	} else {
		updates = append(updates, attrApprovalDeadline.ValueSet(v.Deadline))
	}
	if !v.Completes.IsZero() {
		updates = append(updates, attrAutoCompleteAt.ValueSet(v.Completes))
	} else if last != nil && !last.Completes.IsZero() {
		updates = append(updates, attrAutoCompleteAt.ValueUnset())
	}
	if v.Required == nil {
		updates = append(updates, attrRequiredCPI.ValueUnset())
	} else {
		updates = append(updates, attrRequiredCPI.ValueSet(v.Required.Float64()))
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, updates...); err != nil {
		workflow.GetLogger(ctx).Error("search attributes not set", "error", err)
	}
}

// keyword cuts a text to the 200 bytes of valid UTF-8 that a Keyword should hold.
func keyword(text string) string { return cut(strings.ToValidUTF8(text, "\uFFFD"), 200) }

// cutEncoded shortens a text so that it takes at most n bytes in JSON, where a character may take six, and marks it.
func cutEncoded(text string, n int) string {
	const mark = "…"
	taken, fits := 0, 0 // fits is as much of the text as leaves room for the mark
	for at, r := range text {
		if taken <= n-len(mark) {
			fits = at
		}
		if taken += encodedLen(r); taken > n {
			return text[:fits] + mark
		}
	}
	return text
}

// encodedLen is how many bytes encoding/json writes for a character.
func encodedLen(r rune) int {
	switch {
	case r == '"', r == '\\':
		return 2
	case r < ' ', r == '<', r == '>', r == '&', r == '\u2028', r == '\u2029', r == utf8.RuneError:
		return 6
	}
	return utf8.RuneLen(r)
}

// cut shortens a text to at most n bytes, at the end of a character, and marks it.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	const mark = "…"
	end := n - len(mark)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + mark
}

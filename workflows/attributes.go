package workflows

import (
	"strings"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"fieldmarshal/cards"
	"fieldmarshal/project"
)

// The search attributes. With SQL visibility there is room for 3 Int, 3 Double, 3 Bool, 3 Datetime and 10 Keyword.
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

// upsert writes the search attributes that differ from those written last; last is nil if none were. Whether it is called
// depends only on facts and never on words, so that words may change while workflows run.
func upsert(ctx workflow.Context, v project.View, last *project.View) {
	first := last == nil
	if first {
		last = &project.View{}
	}
	updates := []temporal.SearchAttributeUpdate{attrSummary.ValueSet(keyword(cards.Summary(v)))}
	set := func(changed bool, u temporal.SearchAttributeUpdate) {
		if changed || first {
			updates = append(updates, u)
		}
	}
	set(false, attrProjectID.ValueSet(int64(v.Project)))
	set(v.Status != last.Status, attrProjectStatus.ValueSet(keyword(string(v.Status))))
	set(v.Reason != last.Reason, attrUpdateReason.ValueSet(int64(v.Reason)))
	set(v.Waiting != last.Waiting, attrWaitingFor.ValueSet(string(v.Waiting)))
	set(!v.Since.Equal(last.Since), attrWaitingSince.ValueSet(v.Since))
	set((v.Attention.Kind != "") != (last.Attention.Kind != ""), attrNeedsAttention.ValueSet(v.Attention.Kind != ""))
	updates = moment(updates, attrApprovalDeadline, v.Deadline, last.Deadline)
	updates = moment(updates, attrAutoCompleteAt, v.Completes, last.Completes)
	switch {
	case v.Required != nil && (last.Required == nil || !v.Required.Equal(*last.Required)):
		updates = append(updates, attrRequiredCPI.ValueSet(v.Required.Float64()))
	case v.Required == nil && last.Required != nil:
		updates = append(updates, attrRequiredCPI.ValueUnset())
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, updates...); err != nil {
		workflow.GetLogger(ctx).Error("search attributes not set", "error", err)
	}
}

// moment sets a time that has changed, or unsets it if it is zero.
func moment(updates []temporal.SearchAttributeUpdate, key temporal.SearchAttributeKeyTime, now, last time.Time) []temporal.SearchAttributeUpdate {
	switch {
	case now.Equal(last):
		return updates
	case now.IsZero():
		return append(updates, key.ValueUnset())
	}
	return append(updates, key.ValueSet(now))
}

// keyword cuts a text to 200 bytes of valid UTF-8, which is what a Keyword may have.
func keyword(text string) string {
	return project.Cut(strings.ToValidUTF8(text, "\uFFFD"), 200)
}

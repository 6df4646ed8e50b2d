package cards

import (
	"github.com/slack-go/slack"

	"fieldmarshal/project"
)

// buttons are those of the phase; none if nothing is left to decide.
func (r request) buttons() []*slack.ButtonBlockElement {
	b := Button{Project: r.Project.ID, Name: carried(r.Project.Name, maxName), Request: r.ID, Generation: r.Generation,
		Amount: r.Required, Ceiling: r.Ceiling}
	if r.Numbers != nil {
		b.Numbers = carriedNumbers(*r.Numbers)
	}
	reject := b.element(ActionReject, "", slack.StyleDanger)
	if r.Closed {
		return nil
	}
	switch r.Phase {
	case project.PhaseOpen, project.PhaseSecond:
		return append(r.approveButtons(b), reject, b.element(ActionDetails, "", slack.StyleDefault))
	case project.PhaseOverLimit:
		return []*slack.ButtonBlockElement{reject}
	case project.PhaseExpired, project.PhaseRejected:
		if !r.CanAskAgain() {
			return nil
		}
		return []*slack.ButtonBlockElement{b.element(ActionAskAgain, "", slack.StyleDefault)}
	case project.PhaseRefused, project.PhaseStopped, project.PhaseStill:
		closing := b.element(ActionClose, "", slack.StyleDefault)
		if closing != nil {
			closing.WithConfirm(confirm("Close this request?", "Nothing more is sent to Prodege for it. The project stays as it is there.", "Close it"))
		}
		return []*slack.ButtonBlockElement{b.element(ActionTryAgain, "", slack.StylePrimary), closing}
	}
	return nil
}

// approveButtons offers no amount above the ceiling, and with an unknown amount only "Approve up to…". The second of
// two people is offered the amount that the first approved, which may be above the required CPI. Approve has no dialog
// in between: its label says the amount, and large amounts need a second person.
func (r request) approveButtons(b Button) []*slack.ButtonBlockElement {
	offer := b
	if first := r.approved(); r.Phase == project.PhaseSecond && first != nil && (r.Required == nil || !first.Equal(*r.Required)) {
		offer.UpTo = first
	}
	amount := offer.UpTo
	if amount == nil {
		amount = offer.Amount
	}
	var buttons []*slack.ButtonBlockElement
	if amount != nil && (r.Ceiling == nil || amount.Cmp(*r.Ceiling) <= 0) {
		suffix := " " + amount.Dollars()
		if offer.UpTo != nil {
			suffix = " up to" + suffix
		}
		buttons = append(buttons, offer.element(ActionApprove, suffix, slack.StylePrimary))
	}
	if r.Ceiling == nil || r.Required == nil || r.Ceiling.Cmp(*r.Required) > 0 {
		buttons = append(buttons, b.element(ActionApproveUpTo, "", slack.StyleDefault))
	}
	return buttons
}

func confirm(title, text, yes string) *slack.ConfirmationBlockObject {
	return slack.NewConfirmationBlockObject(label(title, 100), label(text, 300), label(yes, 30), label("Back", 30))
}

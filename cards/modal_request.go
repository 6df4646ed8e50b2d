package cards

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// detailsModal shows the figures that a price is judged by, and decides nothing.
func detailsModal(b Button) slack.ModalViewRequest {
	f := figures{b.Numbers, b.Amount}
	var l layout
	l.section(b.project())
	l.fields(f.fields()...)
	l.context(f.asOf(), known("ceiling:", dollars(b.Ceiling)), "estimates: quotas may overlap, and the CPI may stay below its maximum")
	return slack.ModalViewRequest{Type: slack.VTModal, Title: label("CPI request", 24), Close: label("Back", 24), Blocks: slack.Blocks{BlockSet: l.blocks}}
}

// rejectModal asks for a reason, which may stay empty.
func rejectModal(m Modal) (slack.ModalViewRequest, error) {
	input, _ := textInput(BlockReason, "Reason", reasonHint, "Too expensive for this study", maxReason, true)
	intro := lines(m.Button.project(), fmt.Sprintf("Reject %s? Nothing is sent to Prodege, and the project stays paused.", amountOr(m.Button.Amount, "the required CPI")))
	return m.view("Reject", "Reject", intro, input)
}

const reasonHint = "Shown on the message and kept in the record."

func (m Modal) checkReason() (Entered, string) {
	reason := strings.TrimSpace(m.Reason)
	if utf8.RuneCountInString(reason) > maxReason {
		return Entered{}, fmt.Sprintf("At most %d characters, please.", maxReason)
	}
	return Entered{Verdict: project.Reject, Reason: reason}, ""
}

// approveUpToModal asks for the most that a complete may cost.
func approveUpToModal(m Modal) (slack.ModalViewRequest, error) {
	b := m.Button
	input, element := textInput(BlockAmount, "Most a complete may cost", sentence("in dollars", b.bounds()), "4.50", 20, false)
	if b.Amount != nil {
		element.InitialValue = b.Amount.String()
	}
	f := figures{b.Numbers, b.Amount}
	costs := ""
	if b.Amount != nil {
		costs = "• " + b.Amount.Dollars() + " costs " + f.cost(*b.Amount)
		if most := b.most(); most.Cmp(*b.Amount) > 0 {
			costs = lines(costs, "• "+most.Dollars()+", the most that can be approved here, costs "+f.cost(*most))
		}
		if f.cost(*b.Amount) == "" {
			costs = "What it costs is not known: Prodege's figures could not be read."
		}
	}
	present := "Required CPI: " + amountOr(b.Amount, "not given") + ". Max CPI now: " + amountOr(b.Numbers.MaxCPI, "not known") + "."
	intro := lines(b.project(), present, costs,
		"Max CPI is set to what you enter, so the project also resumes if the price rises that far before it is accepted.")
	return m.view("Approve up to…", "Approve", intro, input)
}

func (m Modal) checkAmount() (Entered, string) {
	upTo, err := prodege.ParseUSD(strings.TrimPrefix(strings.TrimSpace(m.Amount), "$"))
	switch b := m.Button; {
	case err != nil || upTo.IsZero():
		return Entered{}, "Please write dollars with a point, such as 4.50."
	case b.Amount != nil && upTo.Cmp(*b.Amount) < 0:
		return Entered{}, "Less than Prodege requires: at least " + b.Amount.Dollars() + ", or reject."
	case b.Ceiling != nil && upTo.Cmp(*b.Ceiling) > 0:
		return Entered{}, "Above the ceiling: at most " + b.most().Dollars() + " can be approved here."
	case b.Amount != nil && upTo.Cmp(*b.most()) > 0:
		return Entered{}, "More than twice what Prodege requires: at most " + b.most().Dollars() + " can be approved here."
	}
	return Entered{Verdict: project.Approve, UpTo: &upTo}, ""
}

// most is the highest amount that can be approved; nil if there is no limit.
func (b Button) most() *prodege.USD {
	if b.Amount == nil {
		return b.Ceiling
	}
	most := project.MostApprovable(*b.Amount, b.Ceiling)
	return &most
}

// bounds says between which amounts one may approve.
func (b Button) bounds() string {
	return strings.Join(some(known("at least", dollars(b.Amount)), known("at most", dollars(b.most()))), ", ")
}

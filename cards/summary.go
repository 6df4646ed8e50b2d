package cards

import (
	"unicode/utf8"

	"fieldmarshal/prodege"
	"fieldmarshal/project"
)

// maxSummary is what Temporal keeps of a Keyword that we write, in bytes.
const maxSummary = 200

// Summary is a project in one line of the Temporal UI's list: "asks to accept $4.25, now $3.75".
func Summary(v project.View) string {
	text := summary(v)
	if why := Attention(v.Attention); why != "" && !summarized(v.Attention.Kind) {
		text += ". Needs attention: " + why
	}
	return cutBytes(neutral(text), maxSummary)
}

func summary(v project.View) string {
	switch {
	case v.Request != "":
		return RequestPhase(v.Request, v.Required, v.Approved, v.MaxCPI)
	case v.Action == project.PhaseHeld:
		return ActionPhase(v.Action, v.Chosen)
	case v.Event != nil:
		text := string(v.Status) + ": " + Reason(*v.Event)
		if v.Chosen != nil {
			text += "; " + ActionPhase(v.Action, v.Chosen)
		}
		return text
	case v.Status == prodege.Complete && v.Invoice != "":
		return string(v.Status) + ", invoice " + InvoicePhase(v.Invoice)
	case v.Status == prodege.PendingComplete:
		return string(v.Status) + ", reconciliation under way"
	case v.Status == "":
		return "no event yet"
	}
	return string(v.Status)
}

// summarized reports whether the summary itself says why people must look.
func summarized(k project.AttentionKind) bool {
	switch k {
	case project.AttentionCeiling, project.AttentionHeld, project.AttentionExpired, project.AttentionStill, project.AttentionByHand, project.AttentionInvoiceSlow, project.AttentionInvoiceAsked:
		return true
	}
	return false
}

// cutBytes shortens text to max bytes, at the end of a character.
func cutBytes(text string, max int) string {
	if len(text) <= max {
		return text
	}
	const mark = "…"
	end := max - len(mark)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + mark
}

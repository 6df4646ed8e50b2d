package workflows

import (
	"fmt"
	"strings"

	"fieldmarshal/activities"
)

// maxApprovers is how many approvers the details name; they are to be read.
const maxApprovers = 20

// askedIn says in Markdown whom a question asks: the channel, and who of it decides. A run whose settings were
// recorded without the approvers leaves them out.
func askedIn(channel string, s Settings) string {
	text := "in channel " + markdown(channel)
	if who := approversText(s); who != "" {
		text += ": " + who
	}
	return text
}

func approversText(s Settings) string {
	if s.Anyone {
		return "anyone in the channel"
	}
	var list []string
	for i, id := range s.Approvers {
		if i == maxApprovers {
			list = append(list, fmt.Sprintf("%d more", len(s.Approvers)-maxApprovers))
			break
		}
		if strings.HasPrefix(id, "S") {
			id = "user group " + id
		}
		list = append(list, markdown(id))
	}
	return strings.Join(list, ", ")
}

// firstApproval says in Markdown who approved first where a second person is asked.
func firstApproval(decisions []activities.Decided) string {
	for i := len(decisions) - 1; i >= 0; i-- {
		if d := decisions[i]; d.Verdict == activities.VerdictApprove && d.Amount != nil {
			return fmt.Sprintf("%s approved %s first, %s", markdown(d.User), markdown(d.Amount.Dollars()), stamp(d.At))
		}
	}
	return ""
}

package cards

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"fieldmarshal/prodege"
)

func (b Button) encodeAction() string {
	figures := make([]string, 7)
	if f := b.Figures; f != nil {
		figures = []string{usdText(f.CPI), count64(f.Completes), count64(f.Wanted), count64(f.ClickCap), count64(f.ClicksLeft), count(int(f.Refill)), ""}
		if f.Clicks {
			figures[6] = "1"
		}
	}
	return strings.Join(append([]string{actionVersion, b.Workflow, b.Project.String(), count(b.Generation), count(int(b.Reason))}, figures...), "|")
}

func decodeAction(value string, parts []string) (Button, error) {
	if len(parts) != actionFields {
		return Button{}, errors.New("decode button: not a value of ours")
	}
	b := Button{Workflow: parts[1]}
	var errs [9]error
	b.Project, errs[0] = prodege.ParseProjectID(parts[2])
	b.Generation, errs[1] = strconv.Atoi(parts[3])
	reason, err := strconv.Atoi(parts[4])
	b.Reason, errs[2] = prodege.Reason(reason), err
	if strings.Join(parts[5:], "") != "" {
		f := &Figures{Clicks: parts[11] == "1"}
		f.CPI, errs[3] = parseUSD(parts[5])
		for i, n := range []*int64{&f.Completes, &f.Wanted, &f.ClickCap, &f.ClicksLeft} {
			*n, errs[4+i] = strconv.ParseInt(parts[6+i], 10, 64)
		}
		refill, err := strconv.Atoi(parts[10])
		f.Refill, errs[8] = prodege.Refill(refill), err
		b.Figures = f
	}
	if err := errors.Join(errs[:]...); err != nil {
		return Button{}, fmt.Errorf("decode button: %w", err)
	}
	if again, err := b.Encode(); err != nil || again != value || !b.OfAction() {
		return Button{}, errors.New("decode button: not as it was encoded")
	}
	return b, nil
}

func count64(n int64) string { return strconv.FormatInt(n, 10) }

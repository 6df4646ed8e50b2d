package prodege

import (
	"encoding/json"
	"strings"
)

// ProjectInfo is what project-get-info says about a project. A nil amount or an empty text was not given.
type ProjectInfo struct {
	ID           ProjectID `json:"prodege_project_id"`
	PartnerID    string    `json:"project_id,omitempty"` // the buyer's own id
	Name         string    `json:"project_name,omitempty"`
	ReferenceID  string    `json:"reference_id,omitempty"` // PO number
	Status       Status    `json:"status"`
	CPI          *USD      `json:"cpi,omitempty"`
	AvgCPI       *USD      `json:"current_avg_cpi,omitempty"`
	MaxCPI       *USD      `json:"max_cpi,omitempty"`
	RequiredCPI  *USD      `json:"ir_based_cpi,omitempty"` // to resume; only while paused for CPI
	PausedForCPI bool      `json:"disabled_by_cpi_reality_check,omitempty"`
	PausedClicks bool      `json:"disabled_by_max_clicks,omitempty"`
	SampleSize   int64     `json:"sample_size,omitempty"` // total completes wanted; 0: not given
	ExpectedIR   string    `json:"expected_ir,omitempty"` // percent, as sent
	LOI          string    `json:"loi,omitempty"`         // minutes, as sent
	Unknown      []Field   `json:"unknown,omitempty"`     // up to 40 other fields, sorted by name, with values of up to 200 bytes
}

// Quotas sums up project-quotas-by-id. Whether quotas overlap is not documented, so both numbers are approximate.
type Quotas struct {
	Completes int64 `json:"completes"` // sum of quota_completes
	Wanted    int64 `json:"wanted"`    // sum of number_of_respondents over active quotas counted on complete; 0: unknown
}

// ProjectUpdate is a project-update call. Zero fields are not sent.
type ProjectUpdate struct {
	MaxCPI     *USD
	Status     Status
	SampleSize int64
}

// Refill says how often Prodege refills a project's allowance of clicks, in its own numbers (project-settings-get,
// enable_max_clicks_max_click_rate_id).
type Refill int

// The refills.
const (
	RefillNever    Refill = 0 // once only
	RefillHalfHour Refill = 1
	RefillHour     Refill = 2
	RefillDay      Refill = 3
)

// ClickSettings are a project's limits on clicks.
type ClickSettings struct {
	Cap    int64  `json:"cap,omitempty"`  // clicks allowed before a pause; 0: not given
	Left   int64  `json:"left,omitempty"` // clicks left now
	Refill Refill `json:"refill,omitempty"`
}

const (
	maxInfo  = 16 << 10 // bytes, all of a project's texts together
	maxValue = 200      // bytes per text
)

// parseProjectInfo reads the known fields, whether they are strings, numbers or booleans. Unknown fields, and those that
// can't be read, are kept as they came.
func parseProjectInfo(raw json.RawMessage) (ProjectInfo, bool) {
	fields, ok := object(raw)
	if !ok {
		return ProjectInfo{}, false
	}
	r := fieldReader{fields: fields, room: bounds{left: maxInfo}}
	text := func(name string) string { return r.short(name, maxValue) }
	info := ProjectInfo{
		PartnerID: text("project_id"), Name: text("project_name"), ReferenceID: text("reference_id"),
		CPI: r.price("cpi"), AvgCPI: r.amount("current_avg_cpi"), MaxCPI: r.price("max_cpi"), RequiredCPI: r.price("ir_based_cpi"),
		PausedClicks: truth(r.take("disabled_by_max_clicks")),
		ExpectedIR:   text("expected_ir"), LOI: text("loi"),
	}
	// Both are given only while the project is paused for CPI: unless one says otherwise, the other suffices.
	flag := r.take("disabled_by_cpi_reality_check")
	info.PausedForCPI = truth(flag) || info.RequiredCPI != nil && !untruth(flag)
	info.ID, _ = wireProjectID(r.take("prodege_project_id")) // 0: the caller knows which one it asked for
	info.SampleSize = count(r.take("sample_size"))
	info.Status = knownStatus(text("status"))
	info.Unknown = r.unknown(maxValue)
	return info, true
}

// parseQuotas sums up quotas: an array of objects, or of strings that contain them.
func parseQuotas(raw json.RawMessage) (Quotas, bool) {
	var items []json.RawMessage
	if kind(raw) != '[' || json.Unmarshal(raw, &items) != nil {
		return Quotas{}, false
	}
	var sum Quotas
	for _, item := range items {
		q, ok := object(unwrapped(item))
		if !ok {
			return Quotas{}, false
		}
		sum.Completes += count(asText(q["quota_completes"]))
		calculation := asText(q["calculation_type"])
		onComplete := SaysNothing(calculation) || count(calculation) == 1 // 2: a slot is used on click
		if truth(asText(q["active"])) && onComplete {
			sum.Wanted += count(asText(q["number_of_respondents"]))
		}
	}
	return sum, true
}

func parseClickSettings(raw json.RawMessage) (ClickSettings, bool) {
	settings, ok := object(raw)
	number := func(name string) int64 { return count(asText(settings[name])) }
	return ClickSettings{
		Cap: number("enable_max_clicks_cap"), Left: number("enable_max_clicks_allowed_clicks"),
		Refill: Refill(min(number("enable_max_clicks_max_click_rate_id"), 9)),
	}, ok
}

// truth reports whether a boolean, which may be a text or a number, says yes.
func truth(text string) bool {
	switch strings.ToLower(trim(text)) {
	case "true", "t", "yes", "y", "on":
		return true
	}
	d, _, ok := parseDecimal(text)
	return ok && !d.IsZero()
}

// untruth reports whether a boolean says no, rather than nothing.
func untruth(text string) bool {
	switch strings.ToLower(trim(text)) {
	case "false", "f", "no", "n", "off":
		return true
	}
	d, _, ok := parseDecimal(text)
	return ok && d.IsZero()
}

// count reads a number of things; 0 if the text is not a plausible one.
func count(text string) int64 {
	const maxCount = 1_000_000_000 // nobody orders more completes, and sums can't overflow
	n, ok := wholeNumber(text)
	if !ok || n > maxCount {
		return 0
	}
	return n
}

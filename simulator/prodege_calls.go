package simulator

import (
	"encoding/json"
	"maps"
	"strconv"

	"fieldmarshal/prodege"
)

// apiUpdate is project-update. All of a call is done or nothing.
func (p *Prodege) apiUpdate(c *ProdegeCall, project *Project) (map[string]any, refusal) {
	next := *project
	if text, given := c.Params["max_cpi"]; given {
		u, err := prodege.ParseUSD(text)
		if err != nil || u.IsZero() {
			return nil, codeInvalidCPI
		}
		next.MaxCPI = &u
	}
	if text, given := c.Params["sample_size"]; given {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n <= 0 {
			return nil, codeInvalidInput
		}
		next.SampleSize = n
	}
	switch project.Status {
	case prodege.Complete, prodege.Invoiced:
		return nil, codeComplete
	case prodege.PendingComplete, prodege.Deleted:
		return nil, codeNotAllowed
	}
	if text, given := c.Params["status"]; given {
		if code := next.move(prodege.Status(text)); code != 0 {
			return nil, code
		}
	}
	c.Changed = !sameProject(*project, next)
	c.Resumed = project.PausedForCPI && next.Status == prodege.Live
	*project = next
	return map[string]any{
		"return_status": status(1, "Project Updated"), "prodege_project_id": int64(project.ID), "cpi": amount(project.CPI),
	}, 0
}

// move makes a status change that the buyer may make: PENDING to LIVE, LIVE to PAUSED, PAUSED to LIVE or
// COMPLETE. The status it has already is taken and changes nothing. A project that is paused for CPI resumes
// only if max_cpi is at least what is required, one that Prodege's support paused not at all.
func (project *Project) move(to prodege.Status) refusal {
	from := project.Status
	switch {
	case to == from:
		return 0
	case to == prodege.Live && (from == prodege.Pending || from == prodege.Paused):
		if project.PausedForCPI && (project.MaxCPI == nil || project.RequiredCPI != nil && project.MaxCPI.Cmp(*project.RequiredCPI) < 0) {
			return codeMaxCPITooLow
		}
		if project.Reason == prodege.SupportAgent {
			return codeNotAllowed
		}
		project.resume()
	case to == prodege.Paused && from == prodege.Live:
		project.Status, project.Reason, project.Description = to, prodege.Other, "OTHER"
	case to == prodege.Complete && from == prodege.Paused:
		project.finish(to, prodege.Other, "OTHER")
	case to != prodege.Live && to != prodege.Paused && to != prodege.Complete && to != prodege.Pending:
		return codeUnknownStatus
	default:
		return codeNotAllowed
	}
	return 0
}

// resume makes the project LIVE. What was required is what it costs now.
func (project *Project) resume() {
	if project.PausedForCPI && project.RequiredCPI != nil {
		project.CPI = project.RequiredCPI
	}
	project.Status, project.Reason, project.Description = prodege.Live, 0, ""
	project.PausedForCPI, project.RequiredCPI, project.PausedClicks = false, nil, false
}

func (project *Project) finish(as prodege.Status, reason prodege.Reason, description string) {
	project.Status, project.Reason, project.Description = as, reason, description
	project.PausedForCPI, project.RequiredCPI, project.PausedClicks = false, nil, false
}

func sameProject(a, b Project) bool {
	return a.Status == b.Status && a.SampleSize == b.SampleSize && sameAmount(a.MaxCPI, b.MaxCPI) && sameAmount(a.CPI, b.CPI)
}

func sameAmount(a, b *prodege.USD) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// amount is a figure as the API shows it: text, null if there is none.
func amount(u *prodege.USD) any {
	if u == nil {
		return nil
	}
	return u.String()
}

// apiInfo is project-get-info. Booleans are texts, some figures numbers and some texts, as with the real one.
func (p *Prodege) apiInfo(_ *ProdegeCall, project *Project) (map[string]any, refusal) {
	info := map[string]any{
		"prodege_project_id": int64(project.ID), "project_name": project.Name, "project_id": project.PartnerID,
		"status": string(project.Status), "project_type_id": 1, "country_id": 1, "mobile_optimized": "true",
		"expected_ir": project.ExpectedIR, "loi": project.LOI,
	}
	maps.Copy(info, project.Unknown)
	for name, u := range map[string]*prodege.USD{"cpi": project.CPI, "current_avg_cpi": project.AvgCPI, "max_cpi": project.MaxCPI} {
		if u != nil {
			info[name] = u.String()
		}
	}
	if project.ReferenceID != "" {
		info["reference_id"] = project.ReferenceID
	}
	if project.SampleSize > 0 {
		info["sample_size"] = project.SampleSize
	}
	if project.PausedForCPI {
		info["disabled_by_cpi_reality_check"] = "true"
		if project.RequiredCPI != nil {
			info["ir_based_cpi"] = project.RequiredCPI.String()
		}
	}
	if project.PausedClicks {
		info["disabled_by_max_clicks"] = "true"
	}
	return map[string]any{"return_status": status(1, "Success"), "project_info": info}, 0
}

func (p *Prodege) apiQuotas(_ *ProdegeCall, project *Project) (map[string]any, refusal) {
	quotas := []any{}
	for _, q := range project.Quotas {
		quotas = append(quotas, map[string]any{
			"quota_id": q.ID, "active": strconv.FormatBool(q.Active), "number_of_respondents": q.Respondents, "calculation_type": 1,
			"targeting_criteria": []any{}, "quota_clicks": q.Clicks, "quota_completes": q.Completes,
		})
	}
	return map[string]any{"prodege_project_id": int64(project.ID), "quotas": quotas}, 0
}

// clickSettings are the settings that a call may change.
var clickSettings = []string{"enable_max_clicks", "enable_max_clicks_allowed_clicks", "enable_max_clicks_max_click_rate_id"}

func (p *Prodege) apiSettings(_ *ProdegeCall, project *Project) (map[string]any, refusal) {
	settings := map[string]string{"enable_max_clicks": "false"}
	maps.Copy(settings, project.Settings)
	b, _ := json.Marshal(settings)
	return map[string]any{"project_settings": string(b)}, 0
}

func (p *Prodege) apiSetSettings(c *ProdegeCall, project *Project) (map[string]any, refusal) {
	settings := maps.Clone(project.Settings)
	if settings == nil {
		settings = map[string]string{}
	}
	for _, name := range clickSettings {
		if text, given := c.Params[name]; given {
			settings[name] = text
		}
	}
	if settings["enable_max_clicks"] == "true" {
		if n, err := strconv.Atoi(settings["enable_max_clicks_allowed_clicks"]); err != nil || n < 0 {
			return nil, codeInvalidInput
		}
	}
	c.Changed = !maps.Equal(settings, project.Settings)
	project.Settings = settings
	return map[string]any{"return_status": status(1, "Project Settings Updated"), "prodege_project_id": int64(project.ID)}, 0
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"fieldmarshal/prodege"
	"fieldmarshal/simulator"
)

// The projects of the demo: the one of Prodege's example, one that needs a higher CPI, and one that nothing
// happens to.
const (
	seedProject  prodege.ProjectID = 29303649
	cpiProject   prodege.ProjectID = 29304712
	quietProject prodege.ProjectID = 29305990
)

func firstProjects() []simulator.Project {
	usd := func(text string) *prodege.USD { u := prodege.MustUSD(text); return &u }
	return []simulator.Project{
		{ID: seedProject, PartnerID: "S-1042", Name: "Oat milk tracker UK", ReferenceID: "PO-4711", Status: prodege.Live,
			CPI: usd("2.10"), AvgCPI: usd("2.05"), MaxCPI: usd("2.50"), SampleSize: 800, ExpectedIR: 60, LOI: 8, ActualIR: 58, ActualLOI: 8,
			Quotas: []simulator.Quota{{ID: 1, Active: true, Respondents: 800, Completes: 800, Clicks: 1500}}},
		{ID: cpiProject, PartnerID: "S-1050", Name: "New parents panel US", ReferenceID: "PO-4720", Status: prodege.Live,
			CPI: usd("3.60"), AvgCPI: usd("3.10"), MaxCPI: usd("3.75"), SampleSize: 500, ExpectedIR: 40, LOI: 12, ActualIR: 29, ActualLOI: 14,
			Quotas: []simulator.Quota{{ID: 1, Active: true, Respondents: 500, Completes: 312, Clicks: 1300}}},
		{ID: quietProject, PartnerID: "S-1061", Name: "Streaming habits DE", ReferenceID: "PO-4733", Status: prodege.Live,
			CPI: usd("1.80"), AvgCPI: usd("1.75"), MaxCPI: usd("2.00"), SampleSize: 1000, ExpectedIR: 70, LOI: 6, ActualIR: 71, ActualLOI: 6,
			Quotas: []simulator.Quota{{ID: 1, Active: true, Respondents: 1000, Completes: 640, Clicks: 1100}}},
	}
}

// keepProjects fills the stand-in with the projects of a file, or the first ones if there is none, and
// keeps the file as they are until stop is called: after a restart the simulated Prodege says what Temporal
// remembers of it.
func keepProjects(p *simulator.Prodege, file string) (stop func(), err error) {
	projects := firstProjects()
	text, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("read the simulated projects: %w", err)
	default:
		projects = nil
		if err := json.Unmarshal(text, &projects); err != nil {
			return nil, fmt.Errorf("read the simulated projects: %s: %w", file, err)
		}
	}
	for _, project := range projects {
		p.SetProject(project)
	}
	return follow(p, func() {
		if err := writeProjects(p, file); err != nil {
			slog.Error("the simulated projects could not be kept", "error", err)
		}
	}), nil
}

// writeProjects replaces the file whole, so that no kill leaves half of one.
func writeProjects(p *simulator.Prodege, file string) error {
	text, err := json.MarshalIndent(p.Projects(), "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

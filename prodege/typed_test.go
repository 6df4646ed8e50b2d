package prodege

import "testing"

func TestTypedProjectID(t *testing.T) {
	for text, want := range map[string]ProjectID{
		"29303649": 29303649, " 29303649\u00a0": 29303649, "#29303649": 29303649, "# 29303649": 29303649, "29,303,649": 29303649, "29 303 649": 29303649, "29\u00a0303\u00a0649": 29303649,
		"project-29303649": 29303649, "Project 29303649": 29303649, "project #29303649": 29303649, `"29303649"`: 29303649, "“29303649”": 29303649, "`29303649`": 29303649,
		"29,30": 0, "PO-4711": 0, "": 0, "#": 0, "project": 0, "-29303649": 0, "2930364９": 0, "29303649.5": 0, "<@U1>": 0,
	} {
		if got, err := TypedProjectID(text); got != want || (err == nil) != (want != 0) {
			t.Errorf("%q is read as %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestUngrouped(t *testing.T) {
	for text, want := range map[string]string{"1000": "1000", "1,000": "1000", "1.000.000": "1000000", "1 000": "1000", "1,5": "1,5", "2,50": "2,50", "1,0000": "1,0000", ",100": ",100"} {
		if got := Ungrouped(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

package prodege

import "testing"

func TestClickSettings(t *testing.T) {
	want := ClickSettings{Cap: 1000, Left: 12, Refill: RefillDay}
	for name, body := range map[string]string{
		"a string of texts": `{"project_settings":"{\"enable_max_clicks\":\"true\",\"enable_max_clicks_cap\":\"1000\",\"enable_max_clicks_allowed_clicks\":\"12\",\"enable_max_clicks_max_click_rate_id\":\"3\"}"}`,
		"an object":         `{"project_settings":{"enable_max_clicks":true,"enable_max_clicks_cap":1000,"enable_max_clicks_allowed_clicks":12,"enable_max_clicks_max_click_rate_id":3}}`,
	} {
		got, err := newAPI(t, says(200, body)).client().ClickSettings(t.Context(), 5)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for name, body := range map[string]string{"none": `{}`, "refused": `{"return_status":{"status_id":2,"error_codes":[2002]}}`, "odd": `{"project_settings":"5"}`} {
		if got, err := newAPI(t, says(200, body)).client().ClickSettings(t.Context(), 5); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAllowClicks(t *testing.T) {
	api := newAPI(t, says(200, `{"return_status":{"status_id":1,"message":["Project Settings Updated"]},"prodege_project_id":5}`))
	if err := api.client().AllowClicks(t.Context(), 5, 250, RefillHour); err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{`{}`, `{"return_status":{"status_id":2,"error_codes":[3001]}}`} {
		if err := newAPI(t, says(200, body)).client().AllowClicks(t.Context(), 5, 250, RefillNever); err == nil {
			t.Errorf("%s counts as done", body)
		}
	}
	if err := newAPI(t, says(200, `{}`)).client().AllowClicks(t.Context(), 5, 0, RefillNever); err == nil {
		t.Error("no clicks are allowed")
	}
}

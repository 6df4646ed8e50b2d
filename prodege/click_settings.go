package prodege

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
)

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
	Limited bool   `json:"limited,omitempty"` // whether there is a limit
	Cap     int64  `json:"cap,omitempty"`     // clicks allowed before a pause; 0: not given
	Left    int64  `json:"left,omitempty"`    // clicks left now
	Refill  Refill `json:"refill,omitempty"`
}

// ClickSettings reads a project's limits on clicks. Errors are *APIError.
func (c *Client) ClickSettings(ctx context.Context, id ProjectID) (ClickSettings, error) {
	a, err := c.call(ctx, http.MethodGet, callSettings, map[string]string{"prodege_project_id": id.String()})
	if err != nil {
		return ClickSettings{}, err
	}
	raw, ok := object(unwrapped(a.body["project_settings"]))
	if !ok {
		return ClickSettings{}, a.fault(callSettings, "the answer has no project_settings")
	}
	return ClickSettings{
		Limited: truth(asText(raw["enable_max_clicks"])), Cap: count(asText(raw["enable_max_clicks_cap"])),
		Left:   count(asText(raw["enable_max_clicks_allowed_clicks"])),
		Refill: Refill(min(count(asText(raw["enable_max_clicks_max_click_rate_id"])), 9)),
	}, nil
}

// AllowClicks sets how many clicks are left from now on, and how often they are refilled. It sets a state, so repeating
// it changes nothing while the project is paused. A number that is not positive is refused without a call; all other
// errors are *APIError.
func (c *Client) AllowClicks(ctx context.Context, id ProjectID, left int64, refill Refill) error {
	if left <= 0 {
		return fmt.Errorf("allow clicks for project %s: %d is not a positive number", id, left)
	}
	a, err := c.call(ctx, http.MethodPost, callSetClicks, map[string]string{
		"prodege_project_id": id.String(), "enable_max_clicks": "true",
		"enable_max_clicks_allowed_clicks":    strconv.FormatInt(left, 10),
		"enable_max_clicks_max_click_rate_id": strconv.Itoa(int(refill)),
	})
	if err == nil && !a.succeeded {
		return a.fault(callSetClicks, "the answer has no return_status")
	}
	return err
}

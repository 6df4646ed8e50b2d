package simulator

import (
	"fmt"
	"slices"
)

// elementProperties says which properties each type of element has, besides action_id; a ! marks required ones.
var elementProperties = map[string][]string{
	"button":               {"text!", "value", "url", "style", "confirm", "accessibility_label"},
	"image":                {"image_url", "slack_file", "alt_text!"},
	"overflow":             {"options!", "confirm"},
	"static_select":        {"options", "option_groups", "placeholder", "initial_option", "confirm", "focus_on_load"},
	"multi_static_select":  {"options", "option_groups", "placeholder", "initial_options", "confirm", "focus_on_load", "max_selected_items"},
	"users_select":         {"placeholder", "initial_user", "confirm", "focus_on_load"},
	"channels_select":      {"placeholder", "initial_channel", "confirm", "focus_on_load", "response_url_enabled"},
	"conversations_select": {"placeholder", "initial_conversation", "default_to_current_conversation", "filter", "confirm", "focus_on_load", "response_url_enabled"},
	"checkboxes":           {"options!", "initial_options", "confirm", "focus_on_load"},
	"radio_buttons":        {"options!", "initial_option", "confirm", "focus_on_load"},
	"datepicker":           {"placeholder", "initial_date", "confirm", "focus_on_load"},
	"timepicker":           {"placeholder", "initial_time", "confirm", "focus_on_load", "timezone"},
	"plain_text_input":     {"placeholder", "initial_value", "multiline", "min_length", "max_length", "focus_on_load", "dispatch_action_config"},
	"number_input":         {"placeholder", "is_decimal_allowed!", "initial_value", "min_value", "max_value", "focus_on_load", "dispatch_action_config"},
	"email_text_input":     {"placeholder", "initial_value", "focus_on_load", "dispatch_action_config"},
	"url_text_input":       {"placeholder", "initial_value", "focus_on_load", "dispatch_action_config"},
}

// Where elements may stand.
var (
	choices        = []string{"static_select", "multi_static_select", "users_select", "channels_select", "conversations_select", "checkboxes", "radio_buttons", "datepicker", "timepicker"}
	actionElements = append([]string{"button", "overflow"}, choices...)
	accessories    = append([]string{"button", "overflow", "image"}, choices...)
	inputElements  = append([]string{"plain_text_input", "number_input", "email_text_input", "url_text_input"}, choices...)
)

func (c *checker) element(v any, path string, allowed []string) {
	o, ok := v.(map[string]any)
	if !ok {
		c.fault(path, "must provide an object")
		return
	}
	kind, _ := o["type"].(string)
	if !slices.Contains(allowed, kind) {
		c.fault(path+"/type", "unsupported type: %s", kind)
		return
	}
	names := slices.Clone(elementProperties[kind])
	if kind != "image" {
		names = append(names, "action_id")
	}
	c.object(v, path, names...)
	c.text(o, "action_id", 1, maxID, path)
	c.words(o["placeholder"], "plain_text", maxPlaceholder, path+"/placeholder")
	c.confirm(o["confirm"], path+"/confirm")
	c.options(o, kind, path)
	if kind == "button" {
		c.button(o, path)
	}
	if least, most := number(o["min_length"]), number(o["max_length"]); kind == "plain_text_input" && (least > maxSectionText || most > maxSectionText || most < 0) {
		c.fault(path, "must be less than %d", maxSectionText+1)
	}
}

func number(v any) int { f, _ := v.(float64); return int(f) }

func (c *checker) button(o map[string]any, path string) {
	c.words(o["text"], "plain_text", maxButtonText, path+"/text")
	c.text(o, "value", 0, maxButtonValue, path)
	c.text(o, "url", 1, maxButtonURL, path)
	c.text(o, "accessibility_label", 1, maxButtonText, path)
	if style, there := o["style"]; there && style != "primary" && style != "danger" {
		c.fault(path+"/style", "must be one of: primary, danger")
	}
}

// confirm checks the dialog that asks before an action is sent.
func (c *checker) confirm(v any, path string) {
	if v == nil {
		return
	}
	o := c.object(v, path, "title", "text!", "confirm", "deny", "style")
	if o == nil {
		return
	}
	c.words(o["title"], "plain_text", 100, path+"/title")
	c.words(o["text"], "", 300, path+"/text")
	c.words(o["confirm"], "plain_text", 30, path+"/confirm")
	c.words(o["deny"], "plain_text", 30, path+"/deny")
	if style, there := o["style"]; there && style != "primary" && style != "danger" {
		c.fault(path+"/style", "must be one of: primary, danger")
	}
}

func (c *checker) options(o map[string]any, kind, path string) {
	list, there := o["options"].([]any)
	if !there {
		return
	}
	most := maxOptions
	switch kind {
	case "overflow":
		most = 5
	case "checkboxes", "radio_buttons":
		most = 10
	}
	if len(list) > most || len(list) == 0 {
		c.fault(path+"/options", "no more than %d items allowed", most)
	}
	for i, v := range list {
		at := fmt.Sprintf("%s/options/%d", path, i)
		if option := c.object(v, at, "text!", "value!", "description", "url"); option != nil {
			c.words(option["text"], "", maxOptionText, at+"/text")
			c.text(option, "value", 1, maxOptionValue, at)
			c.words(option["description"], "", maxOptionText, at+"/description")
		}
	}
}

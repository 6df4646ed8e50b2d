package simulator

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of Block Kit, in characters or items (docs.slack.dev, Block Kit reference).
const (
	maxMessageBlocks = 50
	maxViewBlocks    = 100
	maxSectionText   = 3000
	maxFieldText     = 2000
	maxFields        = 10
	maxHeaderText    = 150
	maxContextItems  = 10
	maxActionItems   = 25
	maxButtonText    = 75
	maxButtonValue   = 2000
	maxID            = 255 // action_id, block_id, callback_id, external_id
	maxInputLabel    = 2000
	maxPlaceholder   = 150

	// maxMessageSize is the sum over all blocks, answered with msg_blocks_too_long. Slack documents no figure;
	// people measured about 13,200 characters, of which each header takes about 100 beside its text.
	maxMessageSize = 13000
	headerSize     = 100
)

// checker goes through blocks and notes each fault with its place, in Slack's words.
type checker struct {
	inView   bool // else in a message
	faults   []string
	size     int
	blockIDs map[string]bool
	inputs   int // input blocks seen
}

// checkBlocks gives the faults of a message's blocks, nil if there are none, and the size of their texts.
func checkBlocks(blocks []any, path string) (faults []string, size int) {
	c := &checker{blockIDs: map[string]bool{}}
	c.list(blocks, path)
	return c.faults, c.size
}

func (c *checker) list(blocks []any, path string) {
	most := maxMessageBlocks
	if c.inView {
		most = maxViewBlocks
	}
	if len(blocks) > most {
		c.fault(path, "no more than %d items allowed", most)
		return
	}
	for i, b := range blocks {
		c.block(b, fmt.Sprintf("%s/%d", path, i))
	}
}

func (c *checker) fault(path, format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...)+" [json-pointer:"+path+"]")
}

// object gives v as an object with no other properties than those named, all marked ones present ("text!").
func (c *checker) object(v any, path string, names ...string) map[string]any {
	o, ok := v.(map[string]any)
	if !ok {
		c.fault(path, "must provide an object")
		return nil
	}
	known := map[string]bool{"type": true}
	for _, n := range names {
		name, needed := strings.CutSuffix(n, "!")
		known[name] = true
		if _, there := o[name]; needed && !there {
			c.fault(path, "missing required field: %s", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if !known[name] {
			c.fault(path, "invalid additional property: %s", name)
		}
	}
	return o
}

// text checks a plain string property's length.
func (c *checker) text(o map[string]any, name string, least, most int, path string) string {
	v, there := o[name]
	if !there {
		return ""
	}
	text, ok := v.(string)
	if !ok {
		c.fault(path+"/"+name, "must provide a string")
		return ""
	}
	switch n := utf8.RuneCountInString(text); {
	case n < least:
		c.fault(path+"/"+name, "must be more than %d characters", least-1)
	case n > most:
		c.fault(path+"/"+name, "must be less than %d characters", most+1)
	}
	return text
}

// words checks a text object: kind is "plain_text", "mrkdwn" or empty for either.
func (c *checker) words(v any, kind string, most int, path string) {
	if v == nil {
		return
	}
	o := c.object(v, path, "type!", "text!", "emoji", "verbatim")
	if o == nil {
		return
	}
	switch is := o["type"]; {
	case is != "plain_text" && is != "mrkdwn":
		c.fault(path+"/type", "must be one of: plain_text, mrkdwn")
	case kind != "" && is != kind:
		c.fault(path+"/type", "must be one of: %s", kind)
	case is == "mrkdwn" && o["emoji"] != nil:
		c.fault(path, "invalid additional property: emoji")
	case is == "plain_text" && o["verbatim"] != nil:
		c.fault(path, "invalid additional property: verbatim")
	}
	c.size += utf8.RuneCountInString(c.text(o, "text", 1, most, path))
}

// properties says which properties each type of block and of element has; a ! marks the required ones. Slack has
// more types: those that the app never sends are refused as unknown ones are, so that a new one is added here first.
var properties = map[string][]string{
	"section": {"text", "fields", "block_id"},
	"header":  {"text!", "block_id"},
	"context": {"elements!", "block_id"},
	"actions": {"elements!", "block_id"},
	"input":   {"label!", "element!", "hint", "optional", "block_id"},

	"button":           {"text!", "action_id", "value", "style", "confirm"},
	"plain_text_input": {"action_id", "placeholder", "initial_value", "multiline", "min_length", "max_length", "focus_on_load"},
}

// typed gives v as an object of one of those types, with the properties of its type; nil if it is none.
func (c *checker) typed(v any, path string, allowed ...string) (o map[string]any, kind string) {
	o, ok := v.(map[string]any)
	if !ok {
		c.fault(path, "must provide an object")
		return nil, ""
	}
	kind, _ = o["type"].(string)
	if !slices.Contains(allowed, kind) {
		c.fault(path+"/type", "unsupported type: %s", kind)
		return nil, ""
	}
	return c.object(v, path, properties[kind]...), kind
}

func (c *checker) block(v any, path string) {
	allowed := []string{"section", "header", "context", "actions"}
	if c.inView {
		allowed = append(allowed, "input")
	}
	o, kind := c.typed(v, path, allowed...)
	if id := c.text(o, "block_id", 0, maxID, path); id != "" {
		if c.blockIDs[id] {
			c.fault(path+"/block_id", "`block_id` %q already exists", id)
		}
		c.blockIDs[id] = true
	}
	switch kind {
	case "section":
		c.section(o, path)
	case "header":
		c.words(o["text"], "plain_text", maxHeaderText, path+"/text")
		c.size += headerSize
	case "context":
		c.items(o, maxContextItems, path, func(v any, path string) { c.words(v, "", maxSectionText, path) })
	case "actions":
		c.items(o, maxActionItems, path, c.button)
		c.unique(o, path)
	case "input":
		c.input(o, path)
	}
}

func (c *checker) section(o map[string]any, path string) {
	if o["text"] == nil && o["fields"] == nil {
		c.fault(path, "missing required field: text or fields")
	}
	c.words(o["text"], "", maxSectionText, path+"/text")
	fields, given := o["fields"].([]any)
	if given && (len(fields) > maxFields || len(fields) == 0) {
		c.fault(path+"/fields", "no more than %d items allowed", maxFields)
	}
	for i, f := range fields {
		c.words(f, "", maxFieldText, fmt.Sprintf("%s/fields/%d", path, i))
	}
}

// items checks a block's elements one by one.
func (c *checker) items(o map[string]any, most int, path string, check func(any, string)) {
	list, _ := o["elements"].([]any)
	switch {
	case len(list) == 0:
		c.fault(path+"/elements", "must provide at least 1 item")
	case len(list) > most:
		c.fault(path+"/elements", "no more than %d items allowed", most)
	}
	for i, e := range list {
		check(e, fmt.Sprintf("%s/elements/%d", path, i))
	}
}

// unique refuses an action_id that stands twice in one block.
func (c *checker) unique(o map[string]any, path string) {
	seen := map[string]bool{}
	list, _ := o["elements"].([]any)
	for i, e := range list {
		element, _ := e.(map[string]any)
		id, _ := element["action_id"].(string)
		if id != "" && seen[id] {
			c.fault(fmt.Sprintf("%s/elements/%d/action_id", path, i), "`action_id` %q already exists for `block_id` %q", id, o["block_id"])
		}
		seen[id] = true
	}
}

func (c *checker) button(v any, path string) {
	o, kind := c.typed(v, path, "button")
	if kind == "" {
		return
	}
	c.text(o, "action_id", 1, maxID, path)
	c.words(o["text"], "plain_text", maxButtonText, path+"/text")
	c.text(o, "value", 0, maxButtonValue, path)
	c.style(o, path)
	if o["confirm"] == nil {
		return
	}
	path += "/confirm" // the dialog that asks before a click is sent
	ask := c.object(o["confirm"], path, "title", "text!", "confirm", "deny", "style")
	c.words(ask["title"], "plain_text", 100, path+"/title")
	c.words(ask["text"], "", 300, path+"/text")
	c.words(ask["confirm"], "plain_text", 30, path+"/confirm")
	c.words(ask["deny"], "plain_text", 30, path+"/deny")
	c.style(ask, path)
}

func (c *checker) style(o map[string]any, path string) {
	if style, there := o["style"]; there && style != "primary" && style != "danger" {
		c.fault(path+"/style", "must be one of: primary, danger")
	}
}

func (c *checker) input(o map[string]any, path string) {
	c.inputs++
	c.words(o["label"], "plain_text", maxInputLabel, path+"/label")
	c.words(o["hint"], "plain_text", maxInputLabel, path+"/hint")
	path += "/element"
	element, kind := c.typed(o["element"], path, "plain_text_input")
	if kind == "" {
		return
	}
	c.text(element, "action_id", 1, maxID, path)
	c.words(element["placeholder"], "plain_text", maxPlaceholder, path+"/placeholder")
	if least, most := number(element["min_length"]), number(element["max_length"]); least > maxSectionText || most > maxSectionText || most < 0 {
		c.fault(path, "must be less than %d", maxSectionText+1)
	}
}

func number(v any) int { f, _ := v.(float64); return int(f) }

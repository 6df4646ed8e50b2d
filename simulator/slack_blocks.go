package simulator

import (
	"fmt"
	"slices"
	"sort"
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
	maxButtonURL     = 3000
	maxID            = 255 // action_id, block_id, callback_id, external_id
	maxInputLabel    = 2000
	maxPlaceholder   = 150
	maxOptions       = 100
	maxOptionText    = 75
	maxOptionValue   = 150
	maxMarkdown      = 12000
	maxAltText       = 2000

	// maxMessageSize is the sum over all blocks, answered with msg_blocks_too_long. Slack documents no figure;
	// people measured about 13,200 characters, of which each header takes about 100 beside its text.
	maxMessageSize = 13000
	headerSize     = 100
)

// surface is where blocks are shown.
type surface int

const (
	surfaceMessage surface = iota
	surfaceModal
	surfaceHome
)

// checker goes through blocks and notes each fault with its place, in Slack's words.
type checker struct {
	surface  surface
	faults   []string
	size     int
	blockIDs map[string]bool
	inputs   int // input blocks seen
}

// checkBlocks gives the faults of a list of blocks, nil where there are none, and the size of their texts.
func checkBlocks(blocks []any, on surface, path string) (faults []string, size int) {
	c := &checker{surface: on, blockIDs: map[string]bool{}}
	c.list(blocks, path)
	return c.faults, c.size
}

func (c *checker) list(blocks []any, path string) {
	most := maxViewBlocks
	if c.surface == surfaceMessage {
		most = maxMessageBlocks
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
	for _, name := range sortedKeys(o) {
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

// blockProperties says which properties each type of block has; a ! marks the required ones.
var blockProperties = map[string][]string{
	"section":   {"text", "fields", "accessory", "expand"},
	"header":    {"text!", "level"},
	"context":   {"elements!"},
	"actions":   {"elements!"},
	"divider":   {},
	"image":     {"image_url", "slack_file", "alt_text!", "title"},
	"input":     {"label!", "element!", "hint", "optional", "dispatch_action"},
	"markdown":  {"text!"},
	"rich_text": {"elements!"},
	"video":     {"alt_text!", "author_name", "description", "provider_icon_url", "provider_name", "title!", "title_url", "thumbnail_url!", "video_url!"},
}

func (c *checker) block(v any, path string) {
	o, ok := v.(map[string]any)
	if !ok {
		c.fault(path, "must provide an object")
		return
	}
	kind, _ := o["type"].(string)
	names, known := blockProperties[kind]
	if !known {
		c.fault(path+"/type", "unsupported type: %s", kind)
		return
	}
	c.object(v, path, append(slices.Clone(names), "block_id")...)
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
		c.items(o, maxContextItems, path, c.contextItem)
	case "actions":
		c.items(o, maxActionItems, path, c.action)
		c.unique(o, path)
	case "image":
		c.text(o, "alt_text", 1, maxAltText, path)
		c.words(o["title"], "plain_text", maxAltText, path+"/title")
	case "input":
		c.input(o, path)
	case "markdown":
		c.size += utf8.RuneCountInString(c.text(o, "text", 1, maxMarkdown, path))
	}
}

func (c *checker) section(o map[string]any, path string) {
	if o["text"] == nil && o["fields"] == nil {
		c.fault(path, "missing required field: text or fields")
	}
	c.words(o["text"], "", maxSectionText, path+"/text")
	if fields, ok := o["fields"].([]any); ok {
		if len(fields) > maxFields || len(fields) == 0 {
			c.fault(path+"/fields", "no more than %d items allowed", maxFields)
		}
		for i, f := range fields {
			c.words(f, "", maxFieldText, fmt.Sprintf("%s/fields/%d", path, i))
		}
	}
	if o["accessory"] != nil {
		c.element(o["accessory"], path+"/accessory", accessories)
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

func (c *checker) contextItem(v any, path string) {
	o, _ := v.(map[string]any)
	if o["type"] == "image" {
		c.object(v, path, "image_url", "slack_file", "alt_text!")
		return
	}
	c.words(v, "", maxSectionText, path)
}

func (c *checker) action(v any, path string) { c.element(v, path, actionElements) }

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

func (c *checker) input(o map[string]any, path string) {
	c.inputs++
	if c.surface == surfaceMessage {
		c.fault(path+"/type", "unsupported type: input")
	}
	c.words(o["label"], "plain_text", maxInputLabel, path+"/label")
	c.words(o["hint"], "plain_text", maxInputLabel, path+"/hint")
	if o["element"] != nil {
		c.element(o["element"], path+"/element", inputElements)
	}
}

func sortedKeys(o map[string]any) []string {
	names := make([]string, 0, len(o))
	for n := range o {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

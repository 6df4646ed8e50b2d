package simulator

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxMessageSize is the sum over all blocks, answered with msg_blocks_too_long. Slack documents no figure;
// people measured about 13,200 characters, of which each header takes about 100 beside its text.
const (
	maxMessageSize = 13000
	headerSize     = 100
)

// The types of blocks and elements, with the limits of Block Kit in characters or items (docs.slack.dev, Block Kit
// reference and views). Slack has more types and properties: those that the app never sends are refused as unknown ones
// are, so that a new one is added here first.
var (
	actionID = text(1, 255)
	style    = oneOf("primary", "danger")

	confirmDialog = shape{"title": plainText(100), "text!": anyText(300), "confirm": plainText(30), "deny": plainText(30), "style": style}
	buttonElement = shape{"text!": plainText(75), "action_id": actionID, "value": text(0, 2000), "style": style, "confirm": confirmDialog.check}
	inputElement  = shape{"action_id": actionID, "placeholder": plainText(150), "min_length": atMost(3000), "max_length": atMost(3000),
		"initial_value": nil, "multiline": nil, "focus_on_load": nil}

	messageBlocks = kinds{
		"section": {"text": anyText(3000), "fields": list(1, 10, anyText(2000)), "block_id": blockID},
		"header":  {"text!": plainText(150), "block_id": blockID},
		"context": {"elements!": list(1, 10, anyText(3000)), "block_id": blockID},
		"actions": {"elements!": list(1, 25, kinds{"button": buttonElement}.check), "block_id": blockID},
	}
	viewBlocks = with(messageBlocks, "input", shape{"label!": plainText(2000), "hint": plainText(2000), "optional": nil,
		"element!": kinds{"plain_text_input": inputElement}.check, "block_id": blockID})

	homeView  = shape{"blocks!": list(0, 100, viewBlocks.check), "private_metadata": text(0, 3000), "callback_id": text(0, 255)}
	modalView = with(with(with(homeView, "title!", plainText(24)), "submit", plainText(24)), "close", plainText(24))
)

// checker goes through blocks and notes each fault with its place, in Slack's words.
type checker struct {
	faults   []string
	size     int // of the texts
	blockIDs map[string]bool
	inputs   int // input blocks seen
}

// checkMessage gives the faults of a message's blocks, nil if there are none, and the size of their texts.
func checkMessage(blocks []any) (faults []string, size int) {
	c := &checker{blockIDs: map[string]bool{}}
	list(0, 50, messageBlocks.check)(c, blocks, "/blocks")
	return c.faults, c.size
}

// checkView gives the faults of a modal or a home tab, nil if there are none.
func checkView(view object, kind string) []string {
	c := &checker{blockIDs: map[string]bool{}}
	kinds{kind: map[string]shape{"modal": modalView, "home": homeView}[kind]}.check(c, view, "/view")
	if c.inputs > 0 && view["submit"] == nil && kind == "modal" {
		c.fault("/view", "missing required field: submit")
	}
	return c.faults
}

func (c *checker) fault(path, format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...)+" [json-pointer:"+path+"]")
}

// rule checks a value that stands at a place. A nil rule takes any.
type rule func(c *checker, v any, path string)

// shape is the properties of an object. It has no others but type, and those with a "!" are required.
type shape map[string]rule

// kinds are the types that an object may have.
type kinds map[string]shape

// with gives a copy of a table that has one row more.
func with[M ~map[string]V, V any](table M, name string, row V) M {
	table = maps.Clone(table)
	table[name] = row
	return table
}

func (s shape) check(c *checker, v any, path string) {
	o, ok := v.(object)
	if !ok {
		c.fault(path, "must provide an object")
		return
	}
	known := map[string]rule{"type": nil}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		rule := s[name]
		name, required := strings.CutSuffix(name, "!")
		known[name] = rule
		switch {
		case o[name] == nil && required:
			c.fault(path, "missing required field: %s", name)
		case o[name] != nil && rule != nil:
			rule(c, o[name], path+"/"+name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if _, is := known[name]; !is {
			c.fault(path, "invalid additional property: %s", name)
		}
	}
}

func (k kinds) check(c *checker, v any, path string) {
	o, ok := v.(object)
	if !ok {
		c.fault(path, "must provide an object")
		return
	}
	kind, _ := o["type"].(string)
	shape, known := k[kind]
	if !known {
		c.fault(path+"/type", "unsupported type: %s", kind)
		return
	}
	shape.check(c, v, path)
	switch kind {
	case "section":
		if o["text"] == nil && o["fields"] == nil {
			c.fault(path, "missing required field: text or fields")
		}
	case "header":
		c.size += headerSize
	case "actions":
		c.uniqueActions(o, path)
	case "input":
		c.inputs++
	}
}

// uniqueActions refuses an action_id that stands twice in one block.
func (c *checker) uniqueActions(block object, path string) {
	seen := map[any]bool{}
	elements, _ := block["elements"].([]any)
	for i, e := range elements {
		element, _ := e.(object)
		id := element["action_id"]
		if id != nil && seen[id] {
			c.fault(fmt.Sprintf("%s/elements/%d/action_id", path, i), "`action_id` %q already exists for `block_id` %q", id, block["block_id"])
		}
		seen[id] = true
	}
}

// blockID is a block's id, which no other block has.
func blockID(c *checker, v any, path string) {
	text(0, 255)(c, v, path)
	if id, _ := v.(string); id != "" {
		if c.blockIDs[id] {
			c.fault(path, "`block_id` %q already exists", id)
		}
		c.blockIDs[id] = true
	}
}

// list is an array of so many items, each of which keeps a rule.
func list(least, most int, each rule) rule {
	return func(c *checker, v any, path string) {
		items, isList := v.([]any)
		switch {
		case !isList:
			c.fault(path, "must provide an array")
		case len(items) < least:
			c.fault(path, "must provide at least %d item", least)
		case len(items) > most:
			c.fault(path, "no more than %d items allowed", most)
		default:
			for i, item := range items {
				each(c, item, fmt.Sprintf("%s/%d", path, i))
			}
		}
	}
}

// text is a string of so many characters.
func text(least, most int) rule {
	return func(c *checker, v any, path string) {
		s, isText := v.(string)
		switch n := utf8.RuneCountInString(s); {
		case !isText:
			c.fault(path, "must provide a string")
		case n < least:
			c.fault(path, "must be more than %d characters", least-1)
		case n > most:
			c.fault(path, "must be less than %d characters", most+1)
		}
	}
}

// plainText is a text object that can't have mark-up, anyText one that can.
func plainText(most int) rule { return textObject(most, "plain_text") }
func anyText(most int) rule   { return textObject(most, "plain_text", "mrkdwn") }

func textObject(most int, allowed ...string) rule {
	shapes := kinds{"plain_text": {"text!": text(1, most), "emoji": nil}, "mrkdwn": {"text!": text(1, most), "verbatim": nil}}
	return func(c *checker, v any, path string) {
		o, _ := v.(object)
		kind, _ := o["type"].(string)
		if o != nil && !slices.Contains(allowed, kind) {
			c.fault(path+"/type", "must be one of: %s", strings.Join(allowed, ", "))
			return
		}
		shapes[kind].check(c, v, path)
		s, _ := o["text"].(string)
		c.size += utf8.RuneCountInString(s)
	}
}

func oneOf(words ...string) rule {
	return func(c *checker, v any, path string) {
		if word, _ := v.(string); !slices.Contains(words, word) {
			c.fault(path, "must be one of: %s", strings.Join(words, ", "))
		}
	}
}

func atMost(most int) rule {
	return func(c *checker, v any, path string) {
		if n := number(v); n < 0 || n > most {
			c.fault(path, "must be less than %d", most+1)
		}
	}
}

func number(v any) int { f, _ := v.(float64); return int(f) }

package simulator

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func x(n int) string { return strings.Repeat("é", n) } // two bytes each: characters are counted

func section(text string) string {
	return `{"type":"section","text":{"type":"mrkdwn","text":"` + text + `"}}`
}

func button(more string) string {
	return `{"type":"actions","elements":[{"type":"button","action_id":"a","text":{"type":"plain_text","text":"Go"}` + more + `}]}`
}

func times(n int, item string) string {
	return strings.TrimSuffix(strings.Repeat(item+",", n), ",")
}

// Each limit of Block Kit, at the limit and one beyond. An empty want is taken.
func TestBlockLimits(t *testing.T) {
	_, srv := workspace(t, nil)
	for name, c := range map[string]struct{ blocks, code, place string }{
		"section full":            {section(x(3000)), "", ""},
		"section over":            {section(x(3001)), "invalid_blocks", "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"},
		"section empty text":      {section(""), "invalid_blocks", "must be more than 0 characters [json-pointer:/blocks/0/text/text]"},
		"section without text":    {`{"type":"section"}`, "invalid_blocks", "/blocks/0"},
		"header full":             {`{"type":"header","text":{"type":"plain_text","text":"` + x(150) + `"}}`, "", ""},
		"header over":             {`{"type":"header","text":{"type":"plain_text","text":"` + x(151) + `"}}`, "invalid_blocks", "/blocks/0/text/text"},
		"header is plain text":    {`{"type":"header","text":{"type":"mrkdwn","text":"a"}}`, "invalid_blocks", "must be one of: plain_text"},
		"50 blocks":               {times(50, section("a")), "", ""},
		"51 blocks":               {times(51, section("a")), "invalid_blocks", "no more than 50 items allowed"},
		"10 fields":               {`{"type":"section","fields":[` + times(10, `{"type":"mrkdwn","text":"a"}`) + `]}`, "", ""},
		"11 fields":               {`{"type":"section","fields":[` + times(11, `{"type":"mrkdwn","text":"a"}`) + `]}`, "invalid_blocks", "/blocks/0/fields"},
		"field full":              {`{"type":"section","fields":[{"type":"mrkdwn","text":"` + x(2000) + `"}]}`, "", ""},
		"field over":              {`{"type":"section","fields":[{"type":"mrkdwn","text":"` + x(2001) + `"}]}`, "invalid_blocks", "/blocks/0/fields/0/text"},
		"context of 10":           {`{"type":"context","elements":[` + times(10, `{"type":"mrkdwn","text":"a"}`) + `]}`, "", ""},
		"context of 11":           {`{"type":"context","elements":[` + times(11, `{"type":"mrkdwn","text":"a"}`) + `]}`, "invalid_blocks", "/blocks/0/elements"},
		"label full":              {`{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"` + x(75) + `"}}]}`, "", ""},
		"label over":              {`{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"` + x(76) + `"}}]}`, "invalid_blocks", "/blocks/0/elements/0/text/text"},
		"value full":              {button(`,"value":"` + x(2000) + `"`), "", ""},
		"value over":              {button(`,"value":"` + x(2001) + `"`), "invalid_blocks", "/blocks/0/elements/0/value"},
		"action_id over":          {strings.Replace(button(""), `"a"`, `"`+x(256)+`"`, 1), "invalid_blocks", "/blocks/0/elements/0/action_id"},
		"block_id over":           {strings.Replace(section("a"), `{`, `{"block_id":"`+x(256)+`",`, 1), "invalid_blocks", "/blocks/0/block_id"},
		"unknown style":           {button(`,"style":"loud"`), "invalid_blocks", "/blocks/0/elements/0/style"},
		"25 actions":              {`{"type":"actions","elements":[` + times(25, `{"type":"button","text":{"type":"plain_text","text":"a"}}`) + `]}`, "", ""},
		"26 actions":              {`{"type":"actions","elements":[` + times(26, `{"type":"button","text":{"type":"plain_text","text":"a"}}`) + `]}`, "invalid_blocks", "no more than 25 items allowed"},
		"no action":               {`{"type":"actions","elements":[]}`, "invalid_blocks", "/blocks/0/elements"},
		"action_id twice":         {`{"type":"actions","elements":[` + times(2, `{"type":"button","action_id":"a","text":{"type":"plain_text","text":"a"}}`) + `]}`, "invalid_blocks", "already exists"},
		"action_id in two blocks": {button("") + "," + button(""), "", ""},
		"block_id twice":          {times(2, strings.Replace(section("a"), `{`, `{"block_id":"a",`, 1)), "invalid_blocks", "already exists"},
		"unknown block":           {`{"type":"hologram"}`, "invalid_blocks", "unsupported type: hologram [json-pointer:/blocks/0/type]"},
		"unknown property":        {strings.Replace(section("a"), `{`, `{"colour":"red",`, 1), "invalid_blocks", "invalid additional property: colour"},
		"emoji in mrkdwn":         {`{"type":"section","text":{"type":"mrkdwn","text":"a","emoji":true}}`, "invalid_blocks", "invalid additional property: emoji"},
		"input in a message":      {`{"type":"input","label":{"type":"plain_text","text":"a"},"element":{"type":"plain_text_input"}}`, "invalid_blocks", "unsupported type: input"},
		"confirm":                 {button(`,"confirm":{"title":{"type":"plain_text","text":"Sure?"},"text":{"type":"mrkdwn","text":"` + x(300) + `"},"confirm":{"type":"plain_text","text":"Yes"},"deny":{"type":"plain_text","text":"No"}}`), "", ""},
		"confirm text over":       {button(`,"confirm":{"text":{"type":"mrkdwn","text":"` + x(301) + `"}}`), "invalid_blocks", "/confirm/text"},
		"confirm title over":      {button(`,"confirm":{"title":{"type":"plain_text","text":"` + x(101) + `"},"text":{"type":"mrkdwn","text":"a"}}`), "invalid_blocks", "/confirm/title"},
		"confirm label over":      {button(`,"confirm":{"text":{"type":"mrkdwn","text":"a"},"deny":{"type":"plain_text","text":"` + x(31) + `"}}`), "invalid_blocks", "/confirm/deny"},
		"not an object":           {`"hello"`, "invalid_blocks", "must provide an object"},
		"13,000 in all":           {times(4, section(x(3000))) + "," + section(x(1000)), "", ""},
		"13,001 in all":           {times(4, section(x(3000))) + "," + section(x(1001)), "msg_blocks_too_long", ""},
		"a header takes 100":      {times(4, section(x(3000))) + "," + section(x(900)) + `,{"type":"header","text":{"type":"plain_text","text":"a"}}`, "msg_blocks_too_long", ""},
	} {
		t.Run(name, func(t *testing.T) {
			out := api(t, srv, "chat.postMessage", map[string]string{"channel": "C1", "text": "t", "blocks": "[" + c.blocks + "]"})
			if c.code == "" {
				if out["ok"] != true {
					t.Fatalf("refused: %v", out)
				}
				return
			}
			wantError(t, out, c.code)
			messages, _ := dig(out, "response_metadata.messages").([]any)
			all, _ := json.Marshal(messages)
			if place, _ := json.Marshal(c.place); !strings.Contains(string(all), strings.Trim(string(place), `"`)) {
				t.Errorf("said %s, want %s", all, c.place)
			}
		})
	}
}

func TestViewLimits(t *testing.T) {
	plain := func(text string) string { return `{"type":"plain_text","text":"` + text + `"}` }
	input := func(label, more string) string {
		return `{"type":"input","label":` + plain(label) + `,"element":{"type":"plain_text_input","action_id":"v"` + more + `}}`
	}
	view := func(title, submit, private, blocks string) string {
		return `{"type":"modal","title":` + plain(title) + `,"submit":` + plain(submit) + `,"private_metadata":"` + private + `","blocks":[` + blocks + `]}`
	}
	for name, c := range map[string]struct{ view, place string }{
		"at every limit":      {view(x(24), x(24), x(3000), input(x(2000), `,"max_length":3000`)), ""},
		"title over":          {view(x(25), "s", "", section("a")), "/view/title/text"},
		"submit over":         {view("t", x(25), "", section("a")), "/view/submit/text"},
		"private over":        {view("t", "s", x(3001), section("a")), "/view/private_metadata"},
		"label over":          {view("t", "s", "", input(x(2001), "")), "/view/blocks/0/label/text"},
		"input max over":      {view("t", "s", "", input("a", `,"max_length":3001`)), "/view/blocks/0/element"},
		"placeholder over":    {view("t", "s", "", input("a", `,"placeholder":`+plain(x(151)))), "/view/blocks/0/element/placeholder"},
		"100 blocks":          {view("t", "s", "", times(100, section("a"))), ""},
		"101 blocks":          {view("t", "s", "", times(101, section("a"))), "/view/blocks"},
		"input and no submit": {`{"type":"modal","title":` + plain("t") + `,"blocks":[` + input("a", "") + `]}`, "missing required field: submit"},
		"no blocks":           {`{"type":"modal","title":` + plain("t") + `}`, "missing required field: blocks"},
		"home is no modal":    {`{"type":"home","blocks":[` + section("a") + `]}`, "/view/type"},
	} {
		t.Run(name, func(t *testing.T) {
			var raw map[string]any
			if err := json.Unmarshal([]byte(c.view), &raw); err != nil {
				t.Fatal(err)
			}
			faults := strings.Join(checkView(raw, "modal"), "; ")
			if c.place == "" && faults != "" || !strings.Contains(faults, c.place) {
				t.Errorf("faults %q, want %q", faults, c.place)
			}
		})
	}
}

// Every message and modal that this program shows people is taken as it stands.
func TestGoldenCardsAreTaken(t *testing.T) {
	_, srv := workspace(t, nil)
	files, err := filepath.Glob("../cards/testdata/*.golden.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden cards found: %v", err)
	}
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var card struct {
			Type, Text string
			Blocks     json.RawMessage
		}
		if err := json.Unmarshal(b, &card); err != nil {
			t.Fatal(err)
		}
		if card.Type == "modal" || card.Type == "home" {
			var raw map[string]any
			_ = json.Unmarshal(b, &raw)
			if faults := checkView(raw, card.Type); faults != nil {
				t.Errorf("%s: %v", path, faults)
			}
			continue
		}
		out := api(t, srv, "chat.postMessage", map[string]string{"channel": "C1", "text": card.Text, "blocks": string(card.Blocks)})
		if ts, ok := out["ts"].(string); !ok {
			t.Errorf("%s: %v", path, out)
		} else if out := api(t, srv, "chat.update", map[string]string{"channel": "C1", "ts": ts, "text": card.Text, "blocks": string(card.Blocks)}); out["ok"] != true {
			t.Errorf("%s: edit: %v", path, out)
		}
	}
}

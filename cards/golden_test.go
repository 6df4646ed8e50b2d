package cards

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"
)

var update = flag.Bool("update", false, "write the golden files anew")

// payload is what Slack's Block Kit Builder takes when pasted, with the fallback text beside it.
type payload struct {
	Text   string        `json:"text"`
	Blocks []slack.Block `json:"blocks"`
}

func TestGolden(t *testing.T) {
	files := map[string]any{}
	for name, card := range facts() {
		m := card.Message()
		files[name] = payload(m)
	}
	recorded := Recorded(facts()["request-open"].Message().Blocks, "U0ANN", ActionApprove, decided)
	files["recorded"] = payload(recorded)
	b := Button{Workflow: "project-29303649-cpi-1", Project: 29303649, Generation: 1, Amount: usd("4.25"), Ceiling: usd("6.00")}
	files["modal-reject"] = must(RejectModal(b, "C0CPI", "1773176520.000100"))
	files["modal-approve-up-to"] = must(ApproveUpToModal(b, "C0CPI", "1773176520.000100"))
	maps.Copy(files, actionModals())
	maps.Copy(files, answersToQuestions())

	for name, shown := range files {
		t.Run(name, func(t *testing.T) { golden(t, name, encode(t, shown)) })
	}
	stands, _ := filepath.Glob("testdata/*.golden.json")
	for _, path := range stands {
		if _, ok := files[strings.TrimSuffix(filepath.Base(path), ".golden.json")]; !ok {
			t.Errorf("%s shows no message any more: remove it", path)
		}
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden.json")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./cards -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("differs (-want +got); go test ./cards -update accepts it\n%s", diff)
	}
}

// encode writes JSON without HTML escapes, as people read it.
func encode(t *testing.T, v any) []byte {
	t.Helper()
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	// slack-go's own marshallers escape for HTML all the same.
	text := buf.Bytes()
	for escaped, char := range map[string]string{`\u003c`: "<", `\u003e`: ">", `\u0026`: "&"} {
		text = bytes.ReplaceAll(text, []byte(escaped), []byte(char))
	}
	return text
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestEveryStateHasGolden fails where a phase or kind is added without a message to look at.
func TestEveryStateHasGolden(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range facts() {
		switch {
		case c.Pause != nil && c.Pause.Acting != nil:
			seen[string(c.Pause.Acting.Phase)] = true
		case c.Request != nil:
			seen[string(c.Request.Phase)] = true
		case c.Invoice != nil:
			seen["invoice "+string(c.Invoice.Phase)] = true
		case c.Note != nil:
			seen["note "+string(c.Note.Kind)] = true
		case c.Answer != nil:
			seen["answer "+string(c.Answer.Kind)] = true
		}
	}
	source, err := os.ReadFile("facts.go")
	if err != nil {
		t.Fatal(err)
	}
	prefixes := map[string]string{"Phase": "", "Invoice": "invoice ", "Note": "note ", "Answer": "answer "}
	states := 0
	for line := range strings.Lines(string(source)) {
		f := strings.Fields(line)
		if len(f) < 4 || f[2] != "=" || !strings.HasPrefix(f[3], `"`) {
			continue
		}
		for prefix, kind := range prefixes {
			if strings.HasPrefix(f[0], prefix) {
				states++
				if state := kind + strings.Trim(f[3], `"`); !seen[state] {
					t.Errorf("no golden file shows %s (%s)", f[0], state)
				}
			}
		}
	}
	if states < 45 {
		t.Fatalf("found %d states in facts.go, there are more", states)
	}
}

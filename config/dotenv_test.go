package config

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	compose "github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/google/go-cmp/cmp"
	"github.com/joho/godotenv"
)

// lines maps lines to what they set, or to their fault.
var lines = map[string]struct{ line, sets, wrong string }{
	"blank":                     {"  \t", "", ""},
	"comment":                   {"  # A='", "", ""},
	"plain":                     {"A=b", "A=b", ""},
	"spaces around":             {"  A=b\t", "A=b", ""},
	"Windows":                   {"A=b\r", "A=b", ""},
	"empty":                     {"A=", "A=", ""},
	"exported":                  {"export A=b", "A=b", ""},
	"a name that begins so":     {"exported=b", "exported=b", ""},
	"spaces within":             {"A=Mon 09:00 America/New_York", "A=Mon 09:00 America/New_York", ""},
	"= within":                  {"A=b==", "A=b==", ""},
	"# within a word":           {"A=b#c", "A=b#c", ""},
	"single quotes":             {`A='b $c \d "e" #f'`, `A=b $c \d "e" #f`, ""},
	"double quotes":             {`A="b 'c' #d"`, "A=b 'c' #d", ""},
	"empty quotes":              {`A=''`, "A=", ""},
	"letters of other scripts":  {"A=žluťoučký", "A=žluťoučký", ""},
	"no =":                      {"A 1", "", notAnAssignment},
	"a name alone":              {"A", "", notAnAssignment},
	"YAML":                      {"A: b", "", notAnAssignment},
	"a name of two words":       {"A B=c", "", notAnAssignment},
	"no name":                   {"=b", "", notAnAssignment},
	"a name with a dot":         {"a.b=c", "", notAnAssignment},
	"a number":                  {"1=c", "", notAnAssignment},
	"space before =":            {"A =b", "", "space beside the ="},
	"space after =":             {"A= b", "", "space beside the ="},
	"dollar":                    {"A=$8", "", "single quotes"},
	"dollar inside":             {"A=pa$$word", "", "single quotes"},
	"comment behind":            {"A=8 # dollars", "", "single quotes"},
	"comment behind a tab":      {"A=8\t#", "", "single quotes"},
	"# first":                   {"A=#alerts", "", "single quotes"},
	"backslash":                 {`A=b\n`, "", "single quotes"},
	"quote inside":              {`A=b"c`, "", "single quotes"},
	"critical accent":           {"A=`b`", "", "single quotes"},
	"apostrophe":                {"A=it's", "", "double quotes"},
	"not closed":                {`A="b`, "", "not closed"},
	"one quote":                 {`A='`, "", "not closed"},
	"comment behind quotes":     {`A="b" # c`, "", "after the closing quote"},
	"an apostrophe in quotes":   {`A='it's'`, "", "after the closing quote"},
	"dollar in double quotes":   {`A="$8"`, "", "single quotes"},
	"escape in double quotes":   {`A="b\n"`, "", "single quotes"},
	"backslash before quote":    {`A='b\'`, "", "backslash before"},
	"typographic":               {"A=“b”", "", "typographic"},
	"typographic at one end":    {"A=b”", "", "typographic"},
	"byte order mark":           {"\ufeffA=b", "", "invisible character"},
	"a space that breaks not":   {"A=b\u00a0", "", "invisible character"},
	"a control character":       {"A=b\x1b[31m", "", "invisible character"},
	"no UTF-8":                  {"A=b\xff", "", "invisible character"},
	"a line's end of Macintosh": {"A=b\rB=c", "", "invisible character"},
	"its end in Unicode":        {"A=b\u2028B=c", "", "invisible character"},
}

func TestLines(t *testing.T) {
	for name, c := range lines {
		t.Run(name, func(t *testing.T) {
			set, _, faults := parseFile("\n" + c.line)
			var sets string
			for _, a := range set {
				sets = a.name + "=" + a.value
			}
			if sets != c.sets || (c.wrong == "") != (len(faults) == 0) || len(faults) > 1 {
				t.Fatalf("%q sets %q with faults %v, want %q", c.line, sets, faults, c.sets)
			}
			if len(faults) == 1 && (faults[0].line != 2 || !strings.HasPrefix(faults[0].text, "line 2 ") || !strings.Contains(faults[0].text, c.wrong)) {
				t.Errorf("fault %+v, want one of line 2 with %q", faults[0], c.wrong)
			}
		})
	}
}

func TestEachNameOnce(t *testing.T) {
	_, unread, faults := parseFile("A=1\nDRY_RUN=true\n\nA=2\nDRY_RUN=false\nB_HUNTER2=3\nB_HUNTER2=4")
	want := []lineFault{
		{4, "line 4 sets the same variable as line 1: keep one of them"},
		{5, "line 5 (DRY_RUN) sets the same variable as line 2: keep one of them"},
		{7, "line 7 sets the same variable as line 6: keep one of them"},
	}
	if diff := cmp.Diff(want, faults, cmp.AllowUnexported(lineFault{})); diff != "" || len(unread) != 1 || unread[0] != "DRY_RUN" {
		t.Errorf("unread %v, faults (-want +got):\n%s", unread, diff)
	}
}

// FuzzFile checks the purpose of the grammar: godotenv and Docker Compose read the same values from a file without faults.
// It also checks that a fault shows nothing of its line but a known name.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		"A=b\nexport C='d $e'\n# f\n\nG=\"h 'i'\"", "A=$8", "A 1\nB=2", "A=b # c", "A='b\\'", "A=\nB=c", "\ufeffA=b", "A=b\r\nC=d", "A='it''s'", "export=1", "export A=1",
		"A=b\u0085", "A:b=c", "A=’b", "A=\"\"", "A=''", "CPI_CEILING=\"$8\"", "a=\t", "export  B=c", "export\tB=c", "A=x\vy", "A=\nA=",
	} {
		f.Add(seed)
	}
	var texts []string
	for _, c := range lines {
		if _, wrong := checkLine(strings.TrimSuffix(c.line, "\r")); wrong != "" {
			texts = append(texts, wrong)
		}
	}
	where := regexp.MustCompile(`^line \d+ (?:\(([A-Z_]+)\) )?(?:sets the same variable as line \d+: keep one of them$)?`)
	f.Fuzz(func(t *testing.T, text string) {
		set, _, faults := parseFile(text)
		for _, fault := range faults {
			m := where.FindStringSubmatch(fault.text)
			if m == nil || m[1] != "" && !isKnown(m[1]) || m[0] != fault.text && !slices.Contains(texts, fault.text[len(m[0]):]) {
				t.Errorf("a fault tells more than where it is: %q", fault.text)
			}
		}
		if len(faults) > 0 {
			return
		}
		want := map[string]string{}
		for _, a := range set {
			want[a.name] = a.value
		}
		other, err := godotenv.Parse(strings.NewReader(text))
		if diff := cmp.Diff(want, other); err != nil || diff != "" {
			t.Errorf("godotenv reads it otherwise: %v\n%s", err, diff)
		}
		composed, err := compose.ParseWithLookup(bytes.NewReader([]byte(text)), func(string) (string, bool) { return "", false })
		if diff := cmp.Diff(want, composed); err != nil || diff != "" {
			t.Errorf("Docker Compose reads it otherwise: %v\n%s", err, diff)
		}
	})
}

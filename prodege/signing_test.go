package prodege

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// The vector that Prodege publishes under "Request Signing".
var (
	vectorSecret = Secret("stdY0rTvRj73WAdSdnaDVcs0cIwNVfJQmTJsvn5eKN3RbUVRn2")
	vectorParams = map[string]string{
		"dqid": "3", "memberId": "741852963", "projectId": "987654321", "status": "1", "surveyId": "852369741",
		"tId": "123456789", "var1": "h494jkfn938", "var2": "sjew82840dj",
	}
	vectorSignature = "nyA8bE-lQ92k4aMP7jo2AIC2_gmHHhGs3-E17rJwYCk"
)

func TestSignGivesThePublishedSignature(t *testing.T) {
	if got := Sign(vectorSecret, vectorParams); got != vectorSignature {
		t.Errorf("Sign = %s, Prodege publishes %s", got, vectorSignature)
	}
}

func TestVerify(t *testing.T) {
	for _, c := range []struct {
		name      string
		secrets   []Secret
		signature string
		want      bool
	}{
		{"the secret", []Secret{vectorSecret}, vectorSignature, true},
		{"the newer of two does not fit, the older does", []Secret{"newer", vectorSecret}, vectorSignature, true},
		{"the newer of two fits", []Secret{vectorSecret, "older"}, vectorSignature, true},
		{"the same secret twice", []Secret{vectorSecret, vectorSecret}, vectorSignature, true},
		{"another secret", []Secret{"another"}, vectorSignature, false},
		{"no secret", nil, vectorSignature, false},
		{"padding", []Secret{vectorSecret}, vectorSignature + "=", false},
		{"other trailing bits", []Secret{vectorSecret}, vectorSignature[:42] + "l", false},
		{"cut short", []Secret{vectorSecret}, vectorSignature[:42], false},
		{"empty", []Secret{vectorSecret}, "", false},
		{"an empty secret signs for nobody", []Secret{""}, Sign("", vectorParams), false},
	} {
		if got := Verify(c.secrets, vectorParams, c.signature); got != c.want {
			t.Errorf("%s: Verify = %t, want %t", c.name, got, c.want)
		}
	}
}

func TestTheSignatureIsNotPartOfWhatIsSigned(t *testing.T) {
	with := map[string]string{"data": "{}", "signature": "x"}
	if Sign("s", with) != Sign("s", map[string]string{"data": "{}"}) {
		t.Error("a parameter named signature changes the signature")
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	const secret = "hunter2-hunter2"
	client := NewClient(Options{APIKey: secret, SecretKey: secret, BaseURL: "http://x"})
	_, body := EncodeDelivery([]byte(`{}`), secret, JSON)
	delivery, err := ReadEnvelope("application/json", body)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{Secret(secret), client, delivery, *delivery, Options{APIKey: secret}} {
		asJSON, _ := json.Marshal(v)
		for _, text := range []string{fmt.Sprint(v), fmt.Sprintf("%+v %#v %s %q", v, v, v, v), string(asJSON)} {
			if strings.Contains(text, secret) || strings.Contains(text, delivery.signature) {
				t.Errorf("%T prints its secret: %s", v, text)
			}
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("data", `{"event_id":"1"}`, "secret", vectorSignature)
	f.Add("", "", "", "")
	f.Fuzz(func(t *testing.T, name, value, secret, signature string) {
		params := map[string]string{name: value}
		right := Sign(Secret(secret), params)
		if got := Verify([]Secret{"another", Secret(secret)}, params, right); got != (secret != "") {
			t.Errorf("the signature made with %q verifies: %t", secret, got)
		}
		if signature != right && signature != Sign("another", params) && Verify([]Secret{"another", Secret(secret)}, params, signature) {
			t.Errorf("%q verifies, the signature is %q", signature, right)
		}
		if strings.ContainsAny(right, "+/=") || len(right) != 43 {
			t.Errorf("%q is not unpadded base64url of 32 bytes", right)
		}
	})
}

package prodege

import (
	"net/url"
	"testing"
)

func TestSalvageData(t *testing.T) {
	multipart := "--b\r\nContent-Disposition: form-data; name=\"data\"\r\nContent-Type: application/json\r\n\r\n" + example +
		"\r\n--b\r\nContent-Disposition: form-data; name=\"signature\"\r\n\r\nx\r\n--b--\r\n"
	form := url.Values{"data": {example}, "signature": {"x"}, "timestamp": {"1"}}.Encode()
	for _, c := range []struct {
		name, contentType, body, data string
		signed                        bool
	}{
		{"JSON with a new parameter", typeJSON, `{"timestamp":1,"data":` + example + `,"signature":"x"}`, example, true},
		{"JSON of another content type", "text/plain", `{"data":` + example + `,"signature":"x"}`, example, true},
		{"JSON, signed in another way", typeJSON, `{"data":` + example + `,"hmac_signature":"x"}`, example, true},
		{"JSON without signature", typeJSON, `{"data":` + example + `}`, example, false},
		{"JSON that is cut off", typeJSON, `{"data":` + example + `,"signature":"x`, example, false},
		{"JSON with data twice", typeJSON, `{"data":` + example + `,"data":{},"signature":"x"}`, example, true},
		{"a form with a new parameter", typeForm, form, example, true},
		{"a form of no content type", "", form, example, true},
		{"multipart", "multipart/form-data; boundary=b", multipart, example, true},
		{"no data", typeJSON, `{"signature":"x"}`, "", true},
		{"data that is no event", typeJSON, `{"data":7,"signature":"x"}`, "", true},
		{"no delivery", typeJSON, "hello", "", false},
	} {
		data, signed := SalvageData(c.contentType, []byte(c.body))
		if string(data) != c.data || signed != c.signed {
			t.Errorf("%s: %q, signed %t", c.name, data, signed)
		}
	}
}

func TestVouchedData(t *testing.T) {
	for _, text := range []string{example, quoted(example), "[" + quoted(example) + "]"} {
		events, unusable, err := VouchedData([]byte(text)).Events(receipt)
		if err != nil || len(events) != 1 || len(unusable) != 0 || events[0].ProjectID != 29303649 {
			t.Errorf("%s: %v, unusable %v, error %v", text, events, unusable, err)
		}
	}
}

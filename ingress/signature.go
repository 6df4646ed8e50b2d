package ingress

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"fieldmarshal/prodege"
)

// signedWithin is how old, or how far ahead of our clock, a request from Slack may be (docs.slack.dev, verifying requests from
// Slack).
const signedWithin = 5 * time.Minute

const maxSSLCheck = 4 << 10 // bytes; it contains little more than a token

// signedBySlack reports whether Slack signed the body recently, with any of the secrets (there are several while one is being
// rotated). Comparisons take constant time, and the right signature is never shown.
func signedBySlack(secrets []prodege.Secret, header http.Header, body []byte, now time.Time) bool {
	timestamp := header.Get("X-Slack-Request-Timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || timestamp != strconv.FormatInt(seconds, 10) {
		return false
	}
	if away := now.Sub(time.Unix(seconds, 0)).Abs(); away > signedWithin {
		return false
	}
	text, ok := strings.CutPrefix(header.Get("X-Slack-Signature"), "v0=")
	given, err := hex.DecodeString(text)
	if !ok || err != nil || len(given) != sha256.Size {
		return false
	}
	found := false
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret.Reveal()))
		mac.Write([]byte("v0:" + timestamp + ":"))
		mac.Write(body)
		if hmac.Equal(mac.Sum(nil), given) && secret != "" {
			found = true // without a break, so that the time is constant
		}
	}
	return found
}

// fromSlack only lets requests through that Slack signed.
func (in *Ingress) fromSlack(handle func(c *gin.Context, body []byte)) gin.HandlerFunc {
	return func(c *gin.Context) {
		body, fault := in.readBody(c)
		defer body.release()
		if fault != nil {
			fail(c, fault.status, "", fault.Detail)
			return
		}
		if signedBySlack(in.options.SigningSecrets, c.Request.Header, body.bytes, in.now()) {
			body.parsed()
			handle(c, body.bytes)
			return
		}
		if isSSLCheck(c, body.bytes) {
			c.Status(http.StatusOK)
			return
		}
		in.log.Warn("a request to Slack's address was not signed by Slack, or too long ago: check SLACK_SIGNING_SECRET and this machine's clock",
			"request_id", requestID(c), "path", c.FullPath(), "remote", c.RemoteIP())
		fail(c, http.StatusUnauthorized, "", "the request was not signed by Slack, or too long ago")
	}
}

// isSSLCheck reports whether Slack only checks the certificate of the slash command's address, which it does without a
// signature (docs.slack.dev, slash commands).
func isSSLCheck(c *gin.Context, body []byte) bool {
	if c.FullPath() != "/slack/commands" || len(body) > maxSSLCheck {
		return false
	}
	form, err := url.ParseQuery(string(body))
	return err == nil && form.Get("ssl_check") == "1" && !form.Has("command")
}

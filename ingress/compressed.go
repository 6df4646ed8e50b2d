package ingress

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"strings"

	"github.com/gin-gonic/gin"
)

// Prodege compresses nothing, but a proxy on the way may. The signature covers the uncompressed body, so a delivery in gzip is
// decompressed while it is read, and the limits apply before and after. The standard library has no other common encoding.

// decompress makes the body of a delivery decompress itself, and reports whether its encoding is supported.
func decompress(c *gin.Context) bool {
	switch strings.ToLower(c.GetHeader("Content-Encoding")) {
	case "", "identity":
		return true
	case "gzip", "x-gzip":
		c.Request.Body = &gunzip{ReadCloser: c.Request.Body}
		return true
	}
	return false
}

// gunzip is a gzip.Reader that reads nothing before its first Read.
type gunzip struct {
	io.ReadCloser
	plain *gzip.Reader
}

func (g *gunzip) Read(p []byte) (n int, err error) {
	if g.plain == nil {
		if g.plain, err = gzip.NewReader(g.ReadCloser); err != nil {
			g.plain = nil
			return 0, err
		}
	}
	return g.plain.Read(p)
}

// notGzip reports whether a body is not gzip at all, rather than cut off.
func notGzip(err error) bool {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	return corrupt || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum)
}

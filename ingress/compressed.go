package ingress

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"strings"

	"github.com/gin-gonic/gin"
)

// Prodege compresses nothing, but a proxy on the way may one day. A signature is of what is said, not of how it is
// carried, so a delivery in gzip is decompressed while it is read: what bodies may take bounds what comes out, not only
// what goes in. Of other encodings the standard library knows none that is in use.

// decompress has the body of a delivery read as it was before it was compressed, and reports whether it can be.
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

// gunzip begins to read when it is read.
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

// notGzip reports whether a body could not be decompressed for what it is, not because it broke off.
func notGzip(err error) bool {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	return corrupt || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum)
}

package ingress

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/gin-gonic/gin"

	"fieldmarshal/prodege"
)

// answer is the one form of every answer to Prodege, as its contract has it.
type answer struct {
	Success bool         `json:"success"`
	Error   *answerError `json:"error,omitempty"`
}

type answerError struct {
	EventID prodege.EventID `json:"event_id"` // empty where none is known
	Error   string          `json:"error"`
}

// fail answers with a fault and ends the request. text never holds a secret, a signature or a body.
func fail(c *gin.Context, status int, id prodege.EventID, text string) {
	c.AbortWithStatusJSON(status, answer{Error: &answerError{EventID: id, Error: text}})
}

// recovery turns a panic into a 500, which Prodege tries again, and a log record with the stack.
func (in *Ingress) recovery(c *gin.Context) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if err, ok := r.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(r)
		}
		in.log.Error("panic while answering", "request_id", c.GetString("request_id"), "path", c.FullPath(), "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		if !c.Writer.Written() {
			fail(c, http.StatusInternalServerError, "", "an unexpected fault of ours")
			return
		}
		c.Abort()
	}()
	c.Next()
}

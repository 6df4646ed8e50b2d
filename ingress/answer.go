package ingress

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/gin-gonic/gin"

	"fieldmarshal/prodege"
)

// answer is the body of every answer to Prodege, as its contract requires.
type answer struct {
	Success bool         `json:"success"`
	Error   *answerError `json:"error,omitempty"`
}

type answerError struct {
	EventID prodege.EventID `json:"event_id"` // empty if unknown
	Error   string          `json:"error"`
}

// fail answers with an error and ends the request. text must not contain a secret, a signature or a body.
func fail(c *gin.Context, status int, id prodege.EventID, text string) {
	c.AbortWithStatusJSON(status, answer{Error: &answerError{EventID: id, Error: text}})
}

// recovery turns a panic into a 500, after which Prodege repeats the delivery, and logs the stack.
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
			fail(c, http.StatusInternalServerError, "", "an internal error")
			return
		}
		c.Abort()
	}()
	c.Next()
}

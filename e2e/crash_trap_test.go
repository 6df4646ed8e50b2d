package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/encoding/gzip" // callers may compress
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// trap holds a process at one outgoing call: before the call has any effect, or after its effect and before the
// response. The call, and each repetition of it, is held until the process is killed or the trap is released.
type trap struct {
	after   bool
	matches func(method string, body []byte) bool

	mu       sync.Mutex
	passed   bool // a call was caught before
	held     int  // number of calls held now
	released chan struct{}
}

// callMatching returns a function that reports whether a call has the method and its body contains the texts.
func callMatching(method string, texts ...string) func(string, []byte) bool {
	return func(m string, body []byte) bool {
		if m != method {
			return false
		}
		for _, text := range texts {
			if !bytes.Contains(body, []byte(text)) {
				return false
			}
		}
		return true
	}
}

// traps intercepts every call of a process.
type traps struct {
	mu   sync.Mutex
	list []*trap
}

func (ts *traps) add(after bool, matches func(string, []byte) bool) *trap {
	t := &trap{after: after, matches: matches, released: make(chan struct{})}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.list = append(ts.list, t)
	return t
}

// releaseAll removes all traps and releases the calls they hold.
func (ts *traps) releaseAll() {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for _, t := range ts.list {
		close(t.released)
	}
	ts.list = nil
}

func (ts *traps) find(method string, body []byte) *trap {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for _, t := range ts.list {
		if t.matches(method, body) {
			return t
		}
	}
	return nil
}

var errCut = errors.New("cut off")

// intercept forwards a call or holds it. It returns errCut when a call was held.
func (ts *traps) intercept(ctx context.Context, method string, body []byte, forward func()) error {
	t := ts.find(method, body)
	if t == nil {
		forward()
		return nil
	}
	t.mu.Lock()
	first := !t.passed
	t.passed = true
	t.held++
	t.mu.Unlock()
	if first && t.after {
		forward()
	}
	select {
	case <-ctx.Done():
	case <-t.released:
	}
	t.mu.Lock()
	t.held--
	t.mu.Unlock()
	return errCut
}

// isHolding reports whether a call is held now.
func (t *trap) isHolding() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.held > 0
}

// httpGate is an HTTP server that forwards calls to a handler through the traps.
type httpGate struct {
	*traps
	URL     string
	handler http.Handler
	ready   chan struct{}
}

func newHTTPGate(t *testing.T, ts *traps) *httpGate {
	g := &httpGate{traps: ts, ready: make(chan struct{})}
	s := httptest.NewServer(g)
	t.Cleanup(s.CloseClientConnections)
	t.Cleanup(s.Close)
	g.URL = s.URL
	return g
}

func (g *httpGate) forwardTo(h http.Handler) {
	g.handler = h
	close(g.ready)
}

func (g *httpGate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case <-g.ready:
	case <-r.Context().Done():
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	response := httptest.NewRecorder()
	err = g.intercept(r.Context(), r.URL.Path, body, func() {
		forward := r.Clone(context.WithoutCancel(r.Context()))
		forward.Body = io.NopCloser(bytes.NewReader(body))
		g.handler.ServeHTTP(response, forward)
	})
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	for name, values := range response.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(response.Code)
	_, _ = w.Write(response.Body.Bytes())
}

// temporalGate is a gRPC server that forwards calls to Temporal through the traps. The method of a call is the last
// part of its gRPC method. All calls of Temporal's API are unary.
type temporalGate struct {
	*traps
	address string
	mu      sync.Mutex
	conn    *grpc.ClientConn
	server  *grpc.Server
}

func newTemporalGate(t *testing.T, ts *traps, target string) *temporalGate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &temporalGate{traps: ts, address: l.Addr().String()}
	g.forwardTo(t, target)
	g.server = grpc.NewServer(grpc.ForceServerCodec(rawCodec{}), grpc.UnknownServiceHandler(g.handle), grpc.MaxRecvMsgSize(64<<20))
	go func() { _ = g.server.Serve(l) }()
	t.Cleanup(g.server.Stop)
	return g
}

func (g *temporalGate) forwardTo(t *testing.T, target string) {
	t.Helper()
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{}), grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conn = conn
}

func (g *temporalGate) handle(_ any, stream grpc.ServerStream) error {
	full, _ := grpc.MethodFromServerStream(stream)
	var in, out []byte
	if err := stream.RecvMsg(&in); err != nil {
		return err
	}
	g.mu.Lock()
	conn := g.conn
	g.mu.Unlock()
	ctx := stream.Context()
	sent, _ := metadata.FromIncomingContext(ctx)
	var callErr error
	err := g.intercept(ctx, path.Base(full), in, func() {
		callErr = conn.Invoke(metadata.NewOutgoingContext(ctx, sent.Copy()), full, &in, &out)
	})
	switch {
	case err != nil:
		return status.Error(codes.Unavailable, "cut off")
	case callErr != nil:
		return callErr
	}
	return stream.SendMsg(&out)
}

// rawCodec passes messages through unparsed.
type rawCodec struct{}

func (rawCodec) Name() string                  { return "proto" }
func (rawCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (rawCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}

package program_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"fieldmarshal/program"
)

// otherTemporal is a Temporal that answers, and in which we can't work.
type otherTemporal struct {
	workflowservice.UnimplementedWorkflowServiceServer
	fault error // what it says to each question about a namespace
}

func (o otherTemporal) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{}, nil
}

func (o otherTemporal) DescribeNamespace(context.Context, *workflowservice.DescribeNamespaceRequest) (*workflowservice.DescribeNamespaceResponse, error) {
	return nil, o.fault
}

// TestAnotherTemporal: a Temporal without our namespace, or one that does not know us, is told from one that is away, at
// start and in /readyz of both processes.
func TestAnotherTemporal(t *testing.T) {
	for name, c := range map[string]struct {
		fault           error
		ingress, worker string
	}{
		"no namespace": {serviceerror.ToStatus(serviceerror.NewNamespaceNotFound("surveys")).Err(),
			`the namespace \"surveys\" is missing at 127.0.0.1:`, `temporal has no namespace \"surveys\": create it, or set TEMPORAL_NAMESPACE`},
		"not known": {status.Error(codes.Unauthenticated, "who?"),
			"does not know us: check TEMPORAL_API_KEY or the certificate", `temporal refuses us in namespace \"surveys\": check TEMPORAL_API_KEY`},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			server := grpc.NewServer()
			workflowservice.RegisterWorkflowServiceServer(server, otherTemporal{fault: c.fault})
			go func() { _ = server.Serve(listener) }()
			t.Cleanup(server.Stop)
			env := enough(t, "TEMPORAL_ADDRESS="+listener.Addr().String(), "TEMPORAL_NAMESPACE=surveys")
			for process, want := range map[string]string{"ingress": c.ingress, "worker": c.worker} {
				p := start(t, process, env)
				address := p.address
				if process == "ingress" {
					address = p.admin
				}
				for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
					_, body := get(t, "http://"+address+"/readyz")
					if strings.Contains(body, want) && strings.Contains(p.log.String(), want) {
						break
					}
					if time.Now().After(deadline) {
						t.Fatalf("%s: %q is not said in /readyz (%s), or not in the log:\n%s", process, want, body, p.log)
					}
				}
				if code := p.stop(); code != program.ExitOK {
					t.Errorf("%s ended with %d", process, code)
				}
			}
		})
	}
}

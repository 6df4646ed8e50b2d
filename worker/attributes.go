package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"fieldmarshal/workflows"
)

// Visibility is what search attributes need of Temporal; client.Client has it.
type Visibility interface {
	OperatorService() operatorservice.OperatorServiceClient
	CountWorkflow(ctx context.Context, request *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error)
}

// EnsureAttributes returns nil once a query that names every search attribute of the workflows is answered:
// only then may one be set. It adds what is missing. Where it may not, the error holds the commands with which
// somebody can; where it may not even ask what there is, the query alone decides.
func EnsureAttributes(ctx context.Context, c Visibility, namespace string) error {
	missing, err := CompareAttributes(ctx, c, namespace)
	switch {
	case mayNot(err):
		if unknown := known(ctx, c, namespace); unknown != nil {
			return fmt.Errorf("%w, and we may not look which there are (%w); run what is missing of\n%s", unknown, err, Commands(namespace, workflows.Attributes()))
		}
		return nil
	case err != nil:
		return err
	case len(missing) == 0:
		return await(ctx, func() error { return known(ctx, c, namespace) })
	}
	if err := add(ctx, c, namespace, missing); err != nil {
		return err
	}
	if err := await(ctx, func() error { return known(ctx, c, namespace) }); err != nil {
		return err
	}
	return settle(ctx)
}

// mayNot says whether Temporal refuses to be asked this, as against being away.
func mayNot(err error) bool {
	var denied *serviceerror.PermissionDenied
	var unimplemented *serviceerror.Unimplemented
	return errors.As(err, &denied) || errors.As(err, &unimplemented)
}

// known says whether a query that names every attribute is answered.
func known(ctx context.Context, c Visibility, namespace string) error {
	if _, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: namespace, Query: query()}); err != nil {
		return fmt.Errorf("temporal does not know every search attribute: %w", err)
	}
	return nil
}

// add adds attributes. Another worker may do so at the same time: the one that comes second finds them there
// when it looks again.
func add(ctx context.Context, c Visibility, namespace string, missing []workflows.Attribute) error {
	request := &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: map[string]enums.IndexedValueType{}}
	for _, a := range missing {
		request.SearchAttributes[a.Name] = a.Type
	}
	_, err := c.OperatorService().AddSearchAttributes(ctx, request)
	if err == nil {
		return nil
	}
	left, unseen := CompareAttributes(ctx, c, namespace)
	if unseen != nil {
		left = missing
	}
	if len(left) > 0 {
		return fmt.Errorf("search attributes are missing and can't be added (%w); run\n%s", err, Commands(namespace, left))
	}
	return nil
}

// settleFor is how long new search attributes are left to reach every part of the server. The part that answers
// queries learns of them at once; the one that takes them from workflows refreshes its namespaces every two
// seconds (system.namespaceCacheRefreshInterval), and fails a workflow's task until then.
const settleFor = 2500 * time.Millisecond

func settle(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(settleFor):
		return nil
	}
}

// CompareAttributes gives the search attributes that the namespace lacks. One of another type than ours is an
// error: it has to be removed by hand, as what stands in it would be lost.
func CompareAttributes(ctx context.Context, c Visibility, namespace string) ([]workflows.Attribute, error) {
	got, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return nil, fmt.Errorf("list search attributes: %w", err)
	}
	var missing []workflows.Attribute
	var wrong []string
	for _, want := range workflows.Attributes() {
		switch has, found := got.GetCustomAttributes()[want.Name]; {
		case !found:
			missing = append(missing, want)
		case has != want.Type:
			wrong = append(wrong, fmt.Sprintf("%s is %s and must be %s", want.Name, has, want.Type))
		}
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("namespace %q has search attributes of another type: %s; remove them (temporal operator search-attribute remove), or use another namespace",
			namespace, strings.Join(wrong, ", "))
	}
	return missing, nil
}

// Commands are those with which somebody who may can add the attributes, one a line.
func Commands(namespace string, attributes []workflows.Attribute) string {
	var lines []string
	for _, a := range attributes {
		lines = append(lines, fmt.Sprintf("  temporal operator search-attribute create --namespace %s --name %s --type %s", namespace, a.Name, a.Type))
	}
	return strings.Join(lines, "\n")
}

// query names every attribute. It finds nothing, and must not: what counts is that it is understood.
func query() string {
	var terms []string
	for _, a := range workflows.Attributes() {
		value := "0"
		switch a.Type {
		case enums.INDEXED_VALUE_TYPE_KEYWORD, enums.INDEXED_VALUE_TYPE_TEXT:
			value = "''"
		case enums.INDEXED_VALUE_TYPE_BOOL:
			value = "false"
		case enums.INDEXED_VALUE_TYPE_DATETIME:
			value = "'1970-01-01T00:00:00Z'"
		}
		terms = append(terms, a.Name+" = "+value)
	}
	return strings.Join(terms, " AND ")
}

// await asks until there is no error or ctx ends; then it gives the last error.
func await(ctx context.Context, ask func() error) error {
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

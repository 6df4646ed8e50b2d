package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"fieldmarshal/workflows"
)

// Visibility is the part of client.Client that search attributes need.
type Visibility interface {
	OperatorService() operatorservice.OperatorServiceClient
	CountWorkflow(ctx context.Context, request *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error)
}

// EnsureAttributes adds the search attributes that are missing, and returns nil once Temporal answers a query that names
// every one of them: only then may a workflow set one. If it may not add them, the error contains the commands with
// which somebody else can; if it may not list them either, the query alone decides.
func EnsureAttributes(ctx context.Context, c Visibility, namespace string) error {
	has, err := listAttributes(ctx, c, namespace)
	if mayNot(err) {
		if unknown := known(ctx, c, namespace); unknown != nil {
			return fmt.Errorf("%w, and they can't be listed (%w); run those of the following commands that are needed\n%s", unknown, err, commands(namespace, workflows.Attributes()))
		}
		return nil
	}
	if err != nil {
		return err
	}
	missing, err := lacking(has, namespace)
	if err == nil && len(missing) > 0 {
		err = add(ctx, c, namespace, missing)
	}
	if err != nil {
		return err
	}
	for err = known(ctx, c, namespace); err != nil; err = known(ctx, c, namespace) {
		if !sleep(ctx, 100*time.Millisecond) {
			return err
		}
	}
	if len(missing) > 0 {
		sleep(ctx, settleFor)
	}
	return ctx.Err()
}

// mayNot reports whether Temporal refuses the call, as opposed to being unreachable.
func mayNot(err error) bool {
	var denied *serviceerror.PermissionDenied
	var unimplemented *serviceerror.Unimplemented
	return errors.As(err, &denied) || errors.As(err, &unimplemented)
}

// known returns an error unless Temporal answers a query that names every attribute.
func known(ctx context.Context, c Visibility, namespace string) error {
	if _, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: namespace, Query: query()}); err != nil {
		return fmt.Errorf("temporal does not know every search attribute: %w", err)
	}
	return nil
}

// add adds attributes. Another worker may do so at the same time, so after an error it checks what is still missing.
func add(ctx context.Context, c Visibility, namespace string, missing []workflows.Attribute) error {
	request := &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: map[string]enums.IndexedValueType{}}
	for _, a := range missing {
		request.SearchAttributes[a.Name] = a.Type
	}
	_, err := c.OperatorService().AddSearchAttributes(ctx, request)
	if err == nil {
		return nil
	}
	has, unseen := listAttributes(ctx, c, namespace)
	left := missing
	if unseen == nil {
		left, unseen = lacking(has, namespace)
	}
	if blocked := inTheWay(has, left, err, namespace); blocked != nil {
		return blocked
	}
	if unseen != nil || len(left) > 0 {
		return fmt.Errorf("search attributes are missing and can't be added (%w); run\n%s", err, commands(namespace, left))
	}
	return nil
}

// settleFor is how long new search attributes need to reach every part of the server. Queries know them at once, but the
// history service refreshes its namespaces only every two seconds (system.namespaceCacheRefreshInterval), and fails the
// tasks of workflows that set one before.
const settleFor = 2500 * time.Millisecond

func listAttributes(ctx context.Context, c Visibility, namespace string) (map[string]enums.IndexedValueType, error) {
	got, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return nil, fmt.Errorf("list search attributes: %w", err)
	}
	return got.GetCustomAttributes(), nil
}

// lacking returns the attributes of the workflows that the namespace does not have. One of the wrong type is an error: it
// has to be removed by hand, because its values are lost with it.
func lacking(has map[string]enums.IndexedValueType, namespace string) (missing []workflows.Attribute, err error) {
	var wrong []string
	for _, want := range workflows.Attributes() {
		switch kind, found := has[want.Name]; {
		case !found:
			missing = append(missing, want)
		case kind != want.Type:
			wrong = append(wrong, fmt.Sprintf("%s is %s and must be %s", want.Name, kind, want.Type))
		}
	}
	if len(wrong) > 0 {
		return missing, fmt.Errorf("namespace %q has search attributes of another type: %s; remove them (temporal operator search-attribute remove), or use another namespace",
			namespace, strings.Join(wrong, ", "))
	}
	return missing, nil
}

// tooMany is part of Temporal's error if all columns of a type are taken. With SQL visibility a namespace has 3 of each
// type, and 10 of Keyword.
const tooMany = "cannot have more than"

// inTheWay returns an error that names the attributes of other programs that take up the columns we need; nil if that is
// not why ours could not be added.
func inTheWay(has map[string]enums.IndexedValueType, missing []workflows.Attribute, refusal error, namespace string) error {
	if !strings.Contains(refusal.Error(), tooMany) {
		return nil
	}
	var needed, others, removals []string
	for _, a := range missing {
		if strings.Contains(refusal.Error(), "of type "+a.Type.String()) {
			needed = append(needed, a.Name)
		}
	}
	isOurs := func(name string) bool {
		return slices.ContainsFunc(workflows.Attributes(), func(a workflows.Attribute) bool { return a.Name == name })
	}
	for _, name := range slices.Sorted(maps.Keys(has)) {
		if !isOurs(name) && strings.Contains(refusal.Error(), "of type "+has[name].String()) {
			others = append(others, fmt.Sprintf("%s (%s)", name, has[name]))
			removals = append(removals, fmt.Sprintf("  temporal operator search-attribute remove --namespace %s --name %s", namespace, name))
		}
	}
	if len(others) == 0 {
		return nil
	}
	return fmt.Errorf("namespace %q has no room for %s, because of search attributes of another program: %s (temporal: %w). Give Fieldmarshal a namespace of its own (TEMPORAL_NAMESPACE) or, if nobody needs them, remove them and their values:\n%s",
		namespace, strings.Join(needed, ", "), strings.Join(others, ", "), refusal, strings.Join(removals, "\n"))
}

// commands returns the commands that add the attributes, one per line.
func commands(namespace string, attributes []workflows.Attribute) string {
	var lines []string
	for _, a := range attributes {
		lines = append(lines, fmt.Sprintf("  temporal operator search-attribute create --namespace %s --name %s --type %s", namespace, a.Name, a.Type))
	}
	return strings.Join(lines, "\n")
}

// query returns a query that names every attribute. It need not find anything, only be valid.
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

package worker_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"

	"fieldmarshal/worker"
	"fieldmarshal/workflows"
)

// visibility is a fake namespace with search attributes.
type visibility struct {
	operatorservice.OperatorServiceClient
	has     map[string]enums.IndexedValueType
	add     func(v *visibility, wanted map[string]enums.IndexedValueType) error
	blind   int   // how many queries fail before the new attributes are known
	list    error // listing is refused
	queries []string
}

func (v *visibility) OperatorService() operatorservice.OperatorServiceClient { return v }

func (v *visibility) ListSearchAttributes(context.Context, *operatorservice.ListSearchAttributesRequest, ...grpc.CallOption) (*operatorservice.ListSearchAttributesResponse, error) {
	if v.list != nil {
		return nil, v.list
	}
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: maps.Clone(v.has)}, nil
}

func (v *visibility) AddSearchAttributes(_ context.Context, r *operatorservice.AddSearchAttributesRequest, _ ...grpc.CallOption) (*operatorservice.AddSearchAttributesResponse, error) {
	return &operatorservice.AddSearchAttributesResponse{}, v.add(v, r.GetSearchAttributes())
}

func (v *visibility) CountWorkflow(_ context.Context, r *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	v.queries = append(v.queries, r.GetQuery())
	if v.blind > 0 {
		v.blind--
		return nil, errors.New("ProjectId is not a valid search attribute")
	}
	return &workflowservice.CountWorkflowExecutionsResponse{}, nil
}

func all() map[string]enums.IndexedValueType {
	list := map[string]enums.IndexedValueType{}
	for _, a := range workflows.Attributes() {
		list[a.Name] = a.Type
	}
	return list
}

func added(v *visibility, wanted map[string]enums.IndexedValueType) error {
	maps.Copy(v.has, wanted)
	return nil
}

func TestEnsureAttributes(t *testing.T) {
	some := all()
	delete(some, "ProjectId")
	delete(some, "Summary")
	other := all()
	other["RequiredCPI"] = enums.INDEXED_VALUE_TYPE_KEYWORD
	denied := errors.New("permission denied")
	// Temporal's error with SQL visibility, which has room for three of a type.
	full := serviceerror.NewInvalidArgument("Unable to create search attributes: cannot have more than 3 search attribute of type Datetime.")
	foreign := all()
	delete(foreign, "AutoCompleteAt")
	foreign["TheirDeadline"], foreign["TheirName"] = enums.INDEXED_VALUE_TYPE_DATETIME, enums.INDEXED_VALUE_TYPE_KEYWORD

	for name, c := range map[string]struct {
		v     *visibility
		fault []string // what the error says; nil: none
	}{
		"all there":  {v: &visibility{has: all()}},
		"none there": {v: &visibility{has: map[string]enums.IndexedValueType{}, add: added}},
		"some there": {v: &visibility{has: maps.Clone(some), add: added}},
		"known late": {v: &visibility{has: maps.Clone(some), add: added, blind: 3}},
		"another was faster": {v: &visibility{has: map[string]enums.IndexedValueType{}, add: func(v *visibility, _ map[string]enums.IndexedValueType) error {
			maps.Copy(v.has, all())
			return errors.New("race condition")
		}}},
		"may not add": {
			v: &visibility{has: map[string]enums.IndexedValueType{"ProjectId": enums.INDEXED_VALUE_TYPE_INT}, add: func(*visibility, map[string]enums.IndexedValueType) error { return denied }},
			fault: []string{"permission denied",
				"temporal operator search-attribute create --namespace there --name ProjectStatus --type Keyword",
				"temporal operator search-attribute create --namespace there --name WaitingSince --type Datetime"},
		},
		"another program's is in the way": {
			v: &visibility{has: foreign, add: func(*visibility, map[string]enums.IndexedValueType) error { return full }},
			fault: []string{"no room for AutoCompleteAt", "of another program: TheirDeadline (Datetime) (", "TEMPORAL_NAMESPACE",
				"temporal operator search-attribute remove --namespace there --name TheirDeadline"},
		},
		"may not look, all there": {v: &visibility{has: all(), list: serviceerror.NewPermissionDenied("not you", "")}},
		"may not look, some missing": {
			v:     &visibility{list: serviceerror.NewPermissionDenied("not you", ""), blind: 1 << 30},
			fault: []string{"not you", "temporal operator search-attribute create --namespace there --name ProjectId --type Int"},
		},
		"can't look":   {v: &visibility{has: all(), list: serviceerror.NewUnavailable("away")}, fault: []string{"away"}},
		"another type": {v: &visibility{has: other}, fault: []string{"RequiredCPI is Keyword and must be Double"}},
		"never known":  {v: &visibility{has: all(), blind: 1 << 30}, fault: []string{"ProjectId is not a valid search attribute"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limit := 30 * time.Second
			if c.fault != nil {
				limit = 3 * time.Second
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			err := worker.EnsureAttributes(ctx, c.v, "there")
			if c.fault == nil {
				if err != nil {
					t.Fatal(err)
				}
				if !maps.Equal(c.v.has, all()) {
					t.Errorf("the namespace has %v", c.v.has)
				}
				last := c.v.queries[len(c.v.queries)-1]
				for name := range all() {
					if !strings.Contains(last, name+" = ") {
						t.Errorf("the query does not ask for %s: %s", name, last)
					}
				}
				return
			}
			if err == nil {
				t.Fatal("no error")
			}
			for _, text := range c.fault {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("the error lacks %q: %v", text, err)
				}
			}
			if strings.Contains(err.Error(), "TheirName") || name == "another program's is in the way" && strings.Contains(err.Error(), "search-attribute create") {
				t.Errorf("it recommends what does not help: %v", err)
			}
			if name == "may not add" && strings.Contains(err.Error(), "--name ProjectId ") {
				t.Errorf("it wants to add an attribute that exists: %v", err)
			}
		})
	}
}

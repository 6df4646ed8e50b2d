package devserver

import (
	"fmt"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

const clusterName = "active"

// build makes a server with all four services and one history shard.
func (o *Options) build() (temporal.Server, error) {
	conf, err := o.config()
	if err != nil {
		return nil, err
	}
	dynamic := dynamicconfig.StaticClient{
		// One partition, so that the rate limit of a Slack channel's queue is exact; by default four share it.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
		// Tests and the UI list workflows more often than the default of ten times per second and namespace.
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 100,
	}
	for key, value := range o.Dynamic {
		dynamic[key] = value
	}
	hosts := map[primitives.ServiceName]static.Hosts{}
	for name, service := range conf.Services {
		hosts[primitives.ServiceName(name)] = static.SingleLocalHost(fmt.Sprintf("%s:%d", localhost, service.RPC.GRPCPort))
	}
	claims := authorization.NewNoopClaimMapper()
	return temporal.NewServer(
		temporal.WithConfig(conf),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(quietLogger{o.Logger}),
		temporal.WithDynamicConfigClient(dynamic),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()), // only this machine can connect
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return claims }),
	)
}

func (o *Options) config() (*config.Config, error) {
	store, err := o.store()
	if err != nil {
		return nil, err
	}
	services, err := o.services()
	if err != nil {
		return nil, err
	}
	frontend := fmt.Sprintf("%s:%d", localhost, o.Port)
	c := &config.Config{Services: services}
	c.Persistence = config.Persistence{
		DefaultStore: "sqlite", VisibilityStore: "sqlite", NumHistoryShards: 1,
		DataStores: map[string]config.DataStore{"sqlite": {SQL: store}},
	}
	c.Global.Membership.MaxJoinDuration = 30 * time.Second
	c.Global.Membership.BroadcastAddress = localhost
	c.DCRedirectionPolicy.Policy = "noop"
	c.Archival.History.State, c.Archival.Visibility.State = "disabled", "disabled"
	c.NamespaceDefaults.Archival.History.State, c.NamespaceDefaults.Archival.Visibility.State = "disabled", "disabled"
	c.PublicClient.HostPort = frontend
	c.ClusterMetadata = &cluster.Config{
		FailoverVersionIncrement: 10, MasterClusterName: clusterName, CurrentClusterName: clusterName,
		ClusterInformation: map[string]cluster.ClusterInformation{
			clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend, ClusterID: "fieldmarshal-dev"},
		},
	}
	return c, nil
}

func (o *Options) services() (map[string]config.Service, error) {
	services := map[string]config.Service{}
	for _, name := range []primitives.ServiceName{primitives.FrontendService, primitives.HistoryService, primitives.MatchingService, primitives.WorkerService} {
		port := o.Port
		if name != primitives.FrontendService {
			var err error
			if port, err = FreePort(); err != nil {
				return nil, err
			}
		}
		services[string(name)] = config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: localhost}}
	}
	return services, nil
}

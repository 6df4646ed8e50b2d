package program

import (
	"cmp"
	"runtime"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"

	"fieldmarshal/operator"
)

// Set by the linker when the image is built, where there is no version control:
//
//	go build -ldflags "-X fieldmarshal/program.version=v1.2.3 -X fieldmarshal/program.revision=4f2a…"
var version, revision string

// build returns the version of this program, as set by the linker or recorded by Go.
func build() operator.Build {
	b := operator.Build{Version: version, Revision: revision, Go: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		b.Version = cmp.Or(b.Version, info.Main.Version)
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				b.Revision = cmp.Or(b.Revision, s.Value)
			}
		}
	}
	b.Version, b.Revision = cmp.Or(b.Version, "(devel)"), cmp.Or(b.Revision, "unknown")
	return b
}

// buildInfo returns a metric that is always 1; its labels give the version.
func buildInfo() prometheus.Collector {
	b := build()
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "fieldmarshal_build_info", Help: "1, with the version, the revision and the Go version of this build.",
		ConstLabels: prometheus.Labels{"version": b.Version, "revision": b.Revision, "goversion": b.Go},
	})
	g.Set(1)
	return g
}

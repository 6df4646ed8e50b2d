package devserver

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"go.temporal.io/server/common/config"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

// store makes the database and its namespaces where they are missing.
func (o *Options) store() (*config.SQL, error) {
	c := &config.SQL{PluginName: sqliteplugin.PluginName}
	if o.File == "" {
		// The server lays out a database in memory itself. The name tells several in one process apart.
		c.ConnectAttributes = map[string]string{"mode": "memory", "cache": "shared"}
		c.DatabaseName = fmt.Sprintf("fieldmarshal-%d", rand.Int64())
	} else {
		if err := layOut(o.File); err != nil {
			return nil, err
		}
		// WAL is three times as fast as the default; one connection, which is the plugin's default, as four
		// were measured at less than half.
		c.ConnectAttributes = map[string]string{"mode": "rwc", "journal_mode": "wal", "synchronous": "normal"}
		c.DatabaseName = o.File
	}
	var namespaces []*sqlite.NamespaceConfig
	for _, name := range o.Namespaces {
		n, err := sqlite.NewNamespaceConfig(clusterName, name, false, o.SearchAttributes)
		if err != nil {
			return nil, fmt.Errorf("describe namespace %s: %w", name, err)
		}
		n.Detail.Config.Retention = durationpb.New(o.Retention) // the default is 24 h
		namespaces = append(namespaces, n)
	}
	if err := sqlite.CreateNamespaces(c, namespaces...); err != nil {
		return nil, fmt.Errorf("make namespaces: %w", err)
	}
	return c, nil
}

// layOut makes the database file where there is none. It is made under another name first, so that a process
// killed meanwhile leaves no half of one.
func layOut(file string) error {
	switch _, err := os.Stat(file); {
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("open the database: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("make the database's folder: %w", err)
	}
	fresh := file + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("make the database: %w", err)
	}
	c := &config.SQL{PluginName: sqliteplugin.PluginName, DatabaseName: fresh,
		ConnectAttributes: map[string]string{"mode": "rwc", "synchronous": "off"}}
	if err := sqlite.SetupSchema(c); err != nil {
		return fmt.Errorf("lay out the database: %w", err)
	}
	if err := os.Rename(fresh, file); err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	return nil
}

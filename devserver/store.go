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

// store creates the database and its namespaces if they are missing.
func (o *Options) store() (*config.SQL, error) {
	c := &config.SQL{PluginName: sqliteplugin.PluginName}
	if o.File == "" {
		// The server creates the schema of a database in memory itself. The name must be unique in the process.
		c.ConnectAttributes = map[string]string{"mode": "memory", "cache": "shared"}
		c.DatabaseName = fmt.Sprintf("fieldmarshal-%d", rand.Int64())
	} else {
		if err := create(o.File); err != nil {
			return nil, err
		}
		// WAL is three times as fast as the default. The plugin's default of one connection is left as it is: with four,
		// less than half the speed was measured.
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
		return nil, fmt.Errorf("create namespaces: %w", err)
	}
	return c, nil
}

// create creates the database file if it is missing. It uses another name at first, so that a process that is killed
// does not leave half a database.
func create(file string) error {
	switch _, err := os.Stat(file); {
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("open the database: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("create the database's folder: %w", err)
	}
	temporary := file + ".new"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("create the database: %w", err)
	}
	c := &config.SQL{PluginName: sqliteplugin.PluginName, DatabaseName: temporary,
		ConnectAttributes: map[string]string{"mode": "rwc", "synchronous": "off"}}
	if err := sqlite.SetupSchema(c); err != nil {
		return fmt.Errorf("create the database's schema: %w", err)
	}
	if err := os.Rename(temporary, file); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	return nil
}

package devserver

import (
	"context"
	"log/slog"
	"os"

	"go.temporal.io/server/common/log/tag"
)

// quietLogger passes Temporal's log to slog.
type quietLogger struct{ to *slog.Logger }

func (l quietLogger) log(level slog.Level, msg string, tags []tag.Tag) {
	if !l.to.Enabled(context.Background(), level) {
		return
	}
	args := make([]any, 0, 2*len(tags))
	for _, t := range tags {
		args = append(args, t.Key(), t.Value())
	}
	l.to.Log(context.Background(), level, msg, args...)
}

func (l quietLogger) Debug(msg string, tags ...tag.Tag)  { l.log(slog.LevelDebug, msg, tags) }
func (l quietLogger) Info(msg string, tags ...tag.Tag)   { l.log(slog.LevelInfo, msg, tags) }
func (l quietLogger) Warn(msg string, tags ...tag.Tag)   { l.log(slog.LevelWarn, msg, tags) }
func (l quietLogger) Error(msg string, tags ...tag.Tag)  { l.log(slog.LevelError, msg, tags) }
func (l quietLogger) DPanic(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }
func (l quietLogger) Panic(msg string, tags ...tag.Tag) {
	l.log(slog.LevelError, msg, tags)
	panic(msg)
}

// Fatal exits the process, as Temporal expects, and says why on stderr even if the log is discarded.
func (l quietLogger) Fatal(msg string, tags ...tag.Tag) {
	quietLogger{slog.New(slog.NewTextHandler(os.Stderr, nil))}.log(slog.LevelError, "temporal exits this process: "+msg, tags)
	os.Exit(1)
}

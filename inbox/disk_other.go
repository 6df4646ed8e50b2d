//go:build !linux

package inbox

// Volatile is only supported on Linux.
func Volatile(string) string { return "" }

//go:build !linux

package inbox

// Volatile can't be told here.
func Volatile(string) string { return "" }

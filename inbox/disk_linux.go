package inbox

import "syscall"

// Volatile says where dir lies if that does not outlive the process or its container; empty where it does,
// or where it can't be told. Numbers are file system types, statfs(2).
func Volatile(dir string) string {
	var fs syscall.Statfs_t
	if syscall.Statfs(dir, &fs) != nil {
		return ""
	}
	switch int64(fs.Type) & 0xffffffff {
	case 0x01021994:
		return "a memory file system (tmpfs)"
	case 0x858458f6:
		return "a memory file system (ramfs)"
	case 0x794c7630:
		return "a container's own layer (overlayfs)"
	}
	return ""
}

package inbox

import "syscall"

// Volatile describes the file system of dir if it does not outlive the process or its container; empty if it does, or if
// that is unknown.
func Volatile(dir string) string {
	var fs syscall.Statfs_t
	if syscall.Statfs(dir, &fs) != nil {
		return ""
	}
	switch int64(fs.Type) & 0xffffffff { // see statfs(2)
	case 0x01021994:
		return "a memory file system (tmpfs)"
	case 0x858458f6:
		return "a memory file system (ramfs)"
	case 0x794c7630:
		return "a container's own layer (overlayfs)"
	}
	return ""
}

// Package shape: a short circuit skips the Close.
package shape

import "os"

func skipped(p string) bool {
	f, err := os.Create(p) // want leak /unclosed-file/
	if err != nil {
		return false
	}
	if f.Chmod(0o600) != nil || f.Close() != nil {
		return false
	}
	return true
}

func skippedByAnd(p string) bool {
	f, err := os.Create(p) // want leak /unclosed-file/
	if err != nil {
		return false
	}
	return f.Sync() == nil && f.Close() == nil
}

func closedFirst(p string) bool {
	f, err := os.Create(p) // ok
	if err != nil {
		return false
	}
	if f.Close() != nil || os.Chmod(p, 0o600) != nil {
		return false
	}
	return true
}

func acquiredInCondition(p string) bool {
	if f, err := os.Open(p); err == nil && f.Close() == nil { // ok
		return true
	}
	return false
}

//go:build unix

package main

import (
	"syscall"
	"time"
)

// cpuTime is the processor time that this process has used: what else the machine does is left out.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

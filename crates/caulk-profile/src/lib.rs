//! Profiles as columns, goroutine dumps, and the reports of go tool pprof. Knows nothing of series or leaks.

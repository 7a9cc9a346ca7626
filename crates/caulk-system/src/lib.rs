//! The outside world of caulk: files, cache folder, atomic writes, processes, git, HTTP. Knows nothing of Go.

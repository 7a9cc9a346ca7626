//! A case: a series of snapshots with their times, requests and metrics, in one folder. Knows nothing of statistics or processes.

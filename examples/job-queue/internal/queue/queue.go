// Package queue runs jobs, a bounded number of them at a time.
package queue

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"

	"example.com/job-queue/internal/jobs"
)

// Stats counts jobs since the start.
type Stats struct {
	Submitted int64 `json:"submitted"`
	Finished  int64 `json:"finished"`
	Failed    int64 `json:"failed"`
}

// Queue runs jobs.
type Queue struct {
	slots chan struct{}
	log   *slog.Logger

	submitted, finished, failed atomic.Int64
}

type outcome struct {
	result jobs.Result
	err    error
}

// New returns a Queue that runs at most parallel jobs at a time.
func New(parallel int, log *slog.Logger) *Queue {
	return &Queue{slots: make(chan struct{}, parallel), log: log}
}

// Submit starts a job and waits for its result, but no longer than ctx. A job
// that outlasts ctx still runs to its end.
func (q *Queue) Submit(ctx context.Context, job jobs.Job) (jobs.Result, error) {
	q.submitted.Add(1)
	done := make(chan outcome)
	go func() {
		result, err := q.run(job)
		done <- outcome{result, err}
	}()

	select {
	case o := <-done:
		return o.result, o.err
	case <-ctx.Done():
		return jobs.Result{}, fmt.Errorf("wait for job %s: %w", job.ID, ctx.Err())
	}
}

// Stats returns the counts so far.
func (q *Queue) Stats() Stats {
	return Stats{
		Submitted: q.submitted.Load(),
		Finished:  q.finished.Load(),
		Failed:    q.failed.Load(),
	}
}

func (q *Queue) run(job jobs.Job) (jobs.Result, error) {
	q.slots <- struct{}{}
	defer func() { <-q.slots }()

	result, err := jobs.Do(job)
	if err != nil {
		q.failed.Add(1)
		return jobs.Result{}, err
	}
	q.finished.Add(1)
	q.log.Debug("job finished", "id", job.ID, "kind", job.Kind, "bytes", result.Bytes)
	return result, nil
}

package queue

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"example.com/job-queue/internal/jobs"
)

func TestSubmit(t *testing.T) {
	q := New(2, slog.New(slog.DiscardHandler))

	result, err := q.Submit(t.Context(), jobs.Job{ID: "1", Kind: "invoice", Tenant: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	if result.JobID != "1" || result.Bytes == 0 {
		t.Errorf("got %+v", result)
	}

	if _, err := q.Submit(t.Context(), jobs.Job{ID: "2", Kind: "dance"}); !errors.Is(err, jobs.ErrUnknownKind) {
		t.Errorf("unknown kind: got %v", err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	_, err = q.Submit(ctx, jobs.Job{ID: "3", Kind: "export", Tenant: "acme", Rows: 1000})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("slow job: got %v", err)
	}

	if got := q.Stats(); got.Submitted != 3 || got.Failed != 1 {
		t.Errorf("got %+v", got)
	}
}

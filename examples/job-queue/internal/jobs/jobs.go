// Package jobs holds the kinds of work that job-queue can do.
package jobs

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// ErrUnknownKind is returned by Do for a job of a kind that does not exist.
var ErrUnknownKind = errors.New("unknown kind of job")

// Exports are throttled so that they leave the database to others.
const (
	batchRows  = 500
	batchPause = 25 * time.Millisecond
)

// Job is a piece of work.
type Job struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	Tenant string `json:"tenant"`
	Rows   int    `json:"rows,omitempty"`
}

// Result is what came of a job.
type Result struct {
	JobID    string `json:"job_id"`
	Checksum string `json:"checksum"`
	Bytes    int    `json:"bytes"`
	Output   []byte `json:"-"`
}

// Do runs a job to its end.
func Do(job Job) (Result, error) {
	switch job.Kind {
	case "invoice":
		return result(job, invoice(job)), nil
	case "export":
		return result(job, export(job)), nil
	default:
		return Result{}, fmt.Errorf("%w: %q", ErrUnknownKind, job.Kind)
	}
}

func invoice(job Job) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Invoice %s for %s\n", job.ID, job.Tenant)
	for line := range 12 {
		fmt.Fprintf(&b, "%4d  service %-10d %8d.00\n", line+1, line*7, line*13)
	}
	return b.Bytes()
}

func export(job Job) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for row := range job.Rows {
		if row > 0 && row%batchRows == 0 {
			time.Sleep(batchPause)
		}
		// The writer goes to memory, which takes all.
		_ = w.Write([]string{job.Tenant, strconv.Itoa(row), strconv.Itoa(row * row % 997)})
	}
	w.Flush()
	return b.Bytes()
}

func result(job Job, output []byte) Result {
	sum := sha256.Sum256(output)
	return Result{
		JobID:    job.ID,
		Checksum: hex.EncodeToString(sum[:]),
		Bytes:    len(output),
		Output:   output,
	}
}

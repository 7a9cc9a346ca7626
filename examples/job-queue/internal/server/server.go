// Package server answers the HTTP requests of job-queue.
package server

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"example.com/job-queue/internal/jobs"
	"example.com/job-queue/internal/queue"
)

const (
	maxBody = 64 << 10
	maxRows = 100_000
)

// Server takes jobs over HTTP.
type Server struct {
	queue *queue.Queue
	wait  time.Duration
	log   *slog.Logger
}

// New returns a Server that waits at most wait for the result of a job.
func New(q *queue.Queue, wait time.Duration, log *slog.Logger) *Server {
	return &Server{queue: q, wait: wait, log: log}
}

// Handler returns the routes of the server.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("GET /v0/stats", s.stats)
	mux.HandleFunc("POST /v0/jobs", s.submit)
	return mux
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) stats(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.queue.Stats())
}

// submit runs a job. It answers with the result of one that is quick, and
// with 202 for one that is still running.
func (s *Server) submit(w http.ResponseWriter, r *http.Request) {
	var job jobs.Job
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&job); err != nil {
		http.Error(w, "bad request: "+err.Error(), http.StatusBadRequest)
		return
	}
	if job.Tenant == "" || job.Rows < 0 || job.Rows > maxRows {
		http.Error(w, "tenant is missing, or rows out of range", http.StatusBadRequest)
		return
	}
	job.ID = rand.Text()

	ctx, cancel := context.WithTimeout(r.Context(), s.wait)
	defer cancel()
	result, err := s.queue.Submit(ctx, job)
	switch {
	case err == nil:
		writeJSON(w, http.StatusOK, result)
	case errors.Is(err, context.DeadlineExceeded):
		writeJSON(w, http.StatusAccepted, map[string]string{"job_id": job.ID, "status": "running"})
	case errors.Is(err, jobs.ErrUnknownKind):
		http.Error(w, err.Error(), http.StatusBadRequest)
	default:
		s.log.ErrorContext(r.Context(), "job failed", "id", job.ID, "err", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

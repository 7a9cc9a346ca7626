// Package server answers the HTTP requests of secret-proxy.
package server

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"example.com/secret-proxy/internal/ticket"
	"example.com/secret-proxy/secret"
)

// Names of the secrets that hold the signing keys.
const (
	cronKey = "cron-signing-key"
	runKey  = "run-signing-key"
)

const maxBody = 64 << 10

// Secrets returns the payload of a secret by name.
type Secrets interface {
	Fetch(ctx context.Context, name string) ([]byte, error)
}

// Server issues tickets signed with keys that it reads from Secrets.
type Server struct {
	secrets Secrets
	ttl     time.Duration
	log     *slog.Logger
}

// New returns a Server whose tickets are valid for ttl.
func New(secrets Secrets, ttl time.Duration, log *slog.Logger) *Server {
	return &Server{secrets: secrets, ttl: ttl, log: log}
}

// Handler returns the routes of the server.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("POST /v0/cron", s.cron)
	mux.HandleFunc("POST /v0/run", s.run)
	return logRequests(s.log, mux)
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusNoContent)
}

// cron issues a ticket for a scheduled job.
func (s *Server) cron(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Job string `json:"job"`
	}
	if !readJSON(w, r, &body) {
		return
	}
	if body.Job == "" {
		http.Error(w, "job is missing", http.StatusBadRequest)
		return
	}
	s.issue(w, r, cronKey, ticket.Claims{Job: body.Job, Trigger: "cron"})
}

// run issues a ticket for a job that a person starts.
func (s *Server) run(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Job   string `json:"job"`
		Actor string `json:"actor"`
	}
	if !readJSON(w, r, &body) {
		return
	}
	if body.Job == "" || body.Actor == "" {
		http.Error(w, "job or actor is missing", http.StatusBadRequest)
		return
	}
	s.issue(w, r, runKey, ticket.Claims{Job: body.Job, Trigger: "run", Actor: body.Actor})
}

func (s *Server) issue(w http.ResponseWriter, r *http.Request, keyName string, claims ticket.Claims) {
	key, err := s.secrets.Fetch(r.Context(), keyName)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	claims.Expires = time.Now().Add(s.ttl).UTC().Truncate(time.Second)
	signed, err := ticket.Sign(key, claims)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, struct {
		Ticket  string    `json:"ticket"`
		Expires time.Time `json:"expires"`
	}{signed, claims.Expires})
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	s.log.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "err", err)
	if errors.Is(err, secret.ErrNotFound) {
		http.Error(w, "signing key is not set up", http.StatusServiceUnavailable)
		return
	}
	http.Error(w, "internal error", http.StatusInternalServerError)
}

func readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		http.Error(w, "bad request: "+err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

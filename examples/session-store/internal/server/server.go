// Package server answers the HTTP requests of session-store.
package server

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"example.com/session-store/internal/session"
)

const maxBody = 16 << 10

// Server signs users in and out.
type Server struct {
	store *session.Store
	log   *slog.Logger
}

// New returns a Server that keeps its sessions in store.
func New(store *session.Store, log *slog.Logger) *Server {
	return &Server{store: store, log: log}
}

// Handler returns the routes of the server.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("POST /v0/sessions", s.create)
	mux.HandleFunc("GET /v0/sessions/current", s.current)
	mux.HandleFunc("DELETE /v0/sessions/current", s.revoke)
	return mux
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusNoContent)
}

// create signs a user in. The caller is a gateway that has checked who it is.
func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	var body struct {
		User string `json:"user"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&body); err != nil {
		http.Error(w, "bad request: "+err.Error(), http.StatusBadRequest)
		return
	}
	if body.User == "" {
		http.Error(w, "user is missing", http.StatusBadRequest)
		return
	}
	created := s.store.Create(body.User, session.Client{
		UserAgent: r.UserAgent(),
		Address:   r.RemoteAddr,
	})
	s.log.DebugContext(r.Context(), "signed in", "user", created.User)
	writeJSON(w, http.StatusCreated, struct {
		ID        string    `json:"id"`
		CSRFToken string    `json:"csrf_token"`
		Expires   time.Time `json:"expires"`
	}{created.ID, created.CSRFToken, created.Expires})
}

// current tells who the bearer of a session is.
func (s *Server) current(w http.ResponseWriter, r *http.Request) {
	found, err := s.store.Lookup(bearer(r))
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	writeJSON(w, http.StatusOK, struct {
		User     string            `json:"user"`
		Scopes   []string          `json:"scopes"`
		Settings map[string]string `json:"settings"`
		Expires  time.Time         `json:"expires"`
	}{found.User, found.Scopes, found.Settings, found.Expires})
}

// revoke signs the bearer of a session out.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	id := bearer(r)
	found, err := s.store.Lookup(id)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	if !found.VerifyCSRF(r.Header.Get("X-CSRF-Token")) {
		http.Error(w, "wrong CSRF token", http.StatusForbidden)
		return
	}
	if err := s.store.Revoke(id); err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func bearer(r *http.Request) string {
	id, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return id
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// Package server answers the HTTP requests of warm-cache.
package server

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"

	"example.com/warm-cache/internal/avatar"
	"example.com/warm-cache/internal/lru"
)

const (
	defaultSize = 128
	maxSize     = 512
	maxName     = 200
)

type key struct {
	name string
	size int
}

// Server serves avatars.
type Server struct {
	cache *lru.Cache[key, avatar.Avatar]
	log   *slog.Logger

	hits, misses atomic.Int64
}

// New returns a Server that keeps the cacheSize avatars used last.
func New(cacheSize int, log *slog.Logger) *Server {
	return &Server{cache: lru.New[key, avatar.Avatar](cacheSize), log: log}
}

// Handler returns the routes of the server.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("GET /v0/stats", s.stats)
	mux.HandleFunc("GET /v0/avatars/{name}", s.avatar)
	return mux
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) stats(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]int64{
		"entries": int64(s.cache.Len()),
		"hits":    s.hits.Load(),
		"misses":  s.misses.Load(),
	})
}

func (s *Server) avatar(w http.ResponseWriter, r *http.Request) {
	k := key{name: r.PathValue("name"), size: defaultSize}
	if v := r.URL.Query().Get("size"); v != "" {
		size, err := strconv.Atoi(v)
		if err != nil || size < 16 || size > maxSize {
			http.Error(w, "size must be from 16 to 512", http.StatusBadRequest)
			return
		}
		k.size = size
	}
	if len(k.name) > maxName {
		http.Error(w, "name is too long", http.StatusBadRequest)
		return
	}
	picture, err := s.lookup(k)
	if err != nil {
		s.log.ErrorContext(r.Context(), "draw failed", "name", k.name, "err", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}

	w.Header().Set("ETag", picture.ETag)
	w.Header().Set("Cache-Control", "public, max-age=86400")
	if r.Header.Get("If-None-Match") == picture.ETag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Content-Length", strconv.Itoa(len(picture.PNG)))
	_, _ = w.Write(picture.PNG)
}

// lookup returns the avatar of k from the cache, or draws and keeps it.
func (s *Server) lookup(k key) (avatar.Avatar, error) {
	if picture, ok := s.cache.Get(k); ok {
		s.hits.Add(1)
		return picture, nil
	}
	s.misses.Add(1)
	picture, err := avatar.Draw(k.name, k.size)
	if err != nil {
		return avatar.Avatar{}, err
	}
	s.cache.Add(k, picture)
	return picture, nil
}

// Package server answers the HTTP requests of feed-reader.
package server

import (
	"cmp"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"example.com/feed-reader/internal/feed"
)

const (
	maxFeeds       = 8
	headlinesLimit = 20
)

// Fetcher returns a feed by name.
type Fetcher interface {
	Fetch(name string) (*feed.Feed, error)
}

// Server serves feeds as JSON.
type Server struct {
	feeds Fetcher
	log   *slog.Logger
}

// New returns a Server of what feeds returns.
func New(feeds Fetcher, log *slog.Logger) *Server {
	return &Server{feeds: feeds, log: log}
}

// Handler returns the routes of the server.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("GET /v0/feeds/{name}", s.feed)
	mux.HandleFunc("GET /v0/headlines", s.headlines)
	return mux
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusNoContent)
}

// feed serves one feed.
func (s *Server) feed(w http.ResponseWriter, r *http.Request) {
	f, err := s.feeds.Fetch(r.PathValue("name"))
	if err != nil {
		s.log.WarnContext(r.Context(), "feed unavailable", "err", err)
		http.Error(w, "feed unavailable", statusOf(err))
		return
	}
	writeJSON(w, f)
}

// headlines serves the newest items of several feeds (?feeds=a,b,c), and names
// those that could not be read.
func (s *Server) headlines(w http.ResponseWriter, r *http.Request) {
	names := strings.FieldsFunc(r.URL.Query().Get("feeds"), func(c rune) bool { return c == ',' })
	if len(names) == 0 || len(names) > maxFeeds {
		http.Error(w, "want one to eight feeds", http.StatusBadRequest)
		return
	}
	var answer struct {
		Items       []feed.Item `json:"items"`
		Unavailable []string    `json:"unavailable,omitempty"`
	}
	for _, name := range names {
		f, err := s.feeds.Fetch(name)
		if err != nil {
			s.log.WarnContext(r.Context(), "feed unavailable", "err", err)
			answer.Unavailable = append(answer.Unavailable, name)
			continue
		}
		answer.Items = append(answer.Items, f.Items...)
	}
	slices.SortStableFunc(answer.Items, func(a, b feed.Item) int {
		return cmp.Or(b.Published.Compare(a.Published), cmp.Compare(a.Title, b.Title))
	})
	answer.Items = answer.Items[:min(len(answer.Items), headlinesLimit)]
	writeJSON(w, answer)
}

func statusOf(err error) int {
	var status *feed.StatusError
	if errors.As(err, &status) && status.Status == http.StatusNotFound {
		return http.StatusNotFound
	}
	return http.StatusBadGateway
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

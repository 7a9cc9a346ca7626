package session

import (
	"sync"
	"time"
)

// Store holds sessions in memory. It is safe for concurrent use.
type Store struct {
	ttl time.Duration
	now func() time.Time

	mu       sync.Mutex
	sessions map[string]*Session
}

// NewStore returns an empty Store whose sessions are valid for ttl.
func NewStore(ttl time.Duration) *Store {
	return &Store{
		ttl:      ttl,
		now:      time.Now,
		sessions: make(map[string]*Session),
	}
}

// Create starts a session for user.
func (s *Store) Create(user string, client Client) *Session {
	session := newSession(user, client, s.now(), s.ttl)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[session.ID] = session
	return session
}

// Lookup returns a copy of a valid session, and notes that it was used.
func (s *Store) Lookup(id string) (Session, error) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	session, ok := s.sessions[id]
	if !ok || !session.valid(now) {
		return Session{}, ErrNoSession
	}
	session.LastSeen = now
	return *session, nil
}

// Revoke ends a session.
func (s *Store) Revoke(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	session, ok := s.sessions[id]
	if !ok {
		return ErrNoSession
	}
	session.Revoked = true
	return nil
}

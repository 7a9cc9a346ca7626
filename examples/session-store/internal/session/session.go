// Package session keeps the sessions of signed-in users.
package session

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"time"
)

// ErrNoSession is returned where a session does not exist, has expired or was revoked.
var ErrNoSession = errors.New("no such session")

// Session is what is known of a signed-in user.
type Session struct {
	ID        string
	User      string
	CSRFToken string
	UserAgent string
	Address   string
	Scopes    []string
	Settings  map[string]string
	Created   time.Time
	LastSeen  time.Time
	Expires   time.Time
	Revoked   bool

	sealKey [32]byte // encrypts the cookies of this session
}

// Client is where a user signs in from.
type Client struct {
	UserAgent string
	Address   string
}

func newSession(user string, client Client, now time.Time, ttl time.Duration) *Session {
	s := &Session{
		ID:        token(32),
		User:      user,
		CSRFToken: token(32),
		UserAgent: client.UserAgent,
		Address:   client.Address,
		Scopes:    []string{"profile:read", "profile:write", "orders:read"},
		Settings: map[string]string{
			"locale": "en-GB",
			"theme":  "system",
			"zone":   "Europe/Berlin",
		},
		Created:  now,
		LastSeen: now,
		Expires:  now.Add(ttl),
	}
	rand.Read(s.sealKey[:])
	return s
}

// VerifyCSRF says whether token is the one that was issued with the session.
func (s *Session) VerifyCSRF(token string) bool {
	return subtle.ConstantTimeCompare([]byte(s.CSRFToken), []byte(token)) == 1
}

func (s *Session) valid(now time.Time) bool {
	return !s.Revoked && now.Before(s.Expires)
}

func token(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}

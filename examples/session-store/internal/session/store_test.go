package session

import (
	"errors"
	"testing"
	"time"
)

func TestStore(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	store := NewStore(time.Hour)
	store.now = func() time.Time { return now }

	a := store.Create("ada", Client{UserAgent: "test", Address: "192.0.2.1"})
	b := store.Create("ada", Client{})
	if a.ID == b.ID {
		t.Fatal("two sessions with one id")
	}

	got, err := store.Lookup(a.ID)
	if err != nil || got.User != "ada" || !got.VerifyCSRF(a.CSRFToken) {
		t.Fatalf("lookup: got %+v, %v", got, err)
	}

	if err := store.Revoke(a.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Lookup(a.ID); !errors.Is(err, ErrNoSession) {
		t.Errorf("revoked session: got %v", err)
	}

	now = now.Add(2 * time.Hour)
	if _, err := store.Lookup(b.ID); !errors.Is(err, ErrNoSession) {
		t.Errorf("expired session: got %v", err)
	}
	if err := store.Revoke("none"); !errors.Is(err, ErrNoSession) {
		t.Errorf("unknown session: got %v", err)
	}
}

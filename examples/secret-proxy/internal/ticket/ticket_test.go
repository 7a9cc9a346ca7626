package ticket

import (
	"strings"
	"testing"
	"time"
)

func TestSignDependsOnKeyAndClaims(t *testing.T) {
	claims := Claims{Job: "nightly", Trigger: "cron", Expires: time.Unix(1_800_000_000, 0).UTC()}
	first := sign(t, "key-a", claims)
	if again := sign(t, "key-a", claims); again != first {
		t.Errorf("same key and claims: got %s, then %s", first, again)
	}
	if other := sign(t, "key-b", claims); other == first {
		t.Error("another key gave the same ticket")
	}
	claims.Job = "weekly"
	if other := sign(t, "key-a", claims); other == first {
		t.Error("another job gave the same ticket")
	}
	if strings.Count(first, ".") != 1 {
		t.Errorf("want payload.signature, got %s", first)
	}
}

func sign(t *testing.T, key string, claims Claims) string {
	t.Helper()
	s, err := Sign([]byte(key), claims)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

package f02

import (
	"context"
	"testing"
)

func TestContextOfTheTest(t *testing.T) {
	r := newRunning(t.Context()) // ok
	if r.wait != 0 {
		t.Error("waits")
	}
}

func TestContextThatIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r := newRunning(ctx) // ok
	if r.wait != 0 {
		t.Error("waits")
	}
}

func TestContextOfNobody(t *testing.T) {
	r := newFollowing(context.WithoutCancel(t.Context())) // want leak
	if r.wait != 0 {
		t.Error("waits")
	}
}

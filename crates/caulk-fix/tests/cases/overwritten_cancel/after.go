package p

import (
	"context"
	"time"
)

func within(ctx context.Context, timeout time.Duration, run func(context.Context) error) error {
	inner, cancel := context.WithCancel(ctx)
	if timeout > 0 {
		cancel()
		inner, cancel = context.WithTimeout(ctx, timeout)
	}
	defer cancel()
	return run(inner)
}

// The second ends with the first.
func below(ctx context.Context, timeout time.Duration, run func(context.Context) error) error {
	inner, cancel := context.WithCancel(ctx) // refused: with the edit, the check finds
	if timeout > 0 {
		inner, cancel = context.WithTimeout(inner, timeout)
	}
	defer cancel()
	return run(inner)
}

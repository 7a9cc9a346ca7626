package p

import (
	"context"
	"time"
)

func wait(parent context.Context) error {
	ctx, cancel := context.WithTimeout(parent, time.Second)
	defer cancel()
	return work(ctx)
}

func work(ctx context.Context) error { return ctx.Err() }

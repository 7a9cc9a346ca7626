package p

import (
	"context"
	"time"
)

func wait(parent context.Context) error {
	ctx, _ := context.WithTimeout(parent, time.Second)
	return work(ctx)
}

func work(ctx context.Context) error { return ctx.Err() }

package p

import (
	"context"
	"time"
)

func wait(parent context.Context) error {
	ctx, cancel := context.WithTimeout(parent, time.Second)
	defer cancel()
	<-ctx.Done()
	return ctx.Err()
}

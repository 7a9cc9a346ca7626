package p

import (
	"context"
	"time"
)

func wait(parent context.Context) error {
	d := time.Second * 60                       // at most
	ctx, stop := context.WithTimeout(parent, d) // ends
	done := ctx.Done()                          // with the parent
	<-done                                      // or alone
	_ = stop
	return ctx.Err()
}

func first(a, b context.Context) error {
	c, cancel := context.WithCancel(a) // one
	if c.Err() != nil {                // two
		return c.Err()
	}
	if b.Err() != nil { // three
		return b.Err()
	}
	defer cancel()
	return nil
}

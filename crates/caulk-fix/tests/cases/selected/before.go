package p

import (
	"context"
	"time"
)

const interval = 5 * time.Second

func poll(ctx context.Context, work func()) {
	for {
		select {
		case <-time.NewTicker(interval).C: // now and then
		case <-ctx.Done():
			return
		}
		work()
	}
}

func backOff(ctx context.Context, wake <-chan bool, wait time.Duration) bool {
	select {
	case <-time.NewTimer(wait).C:
		return true
	case again, ok := <-wake:
		if !ok {
			return false
		}
		return again
	case <-ctx.Done():
		return false
	}
}

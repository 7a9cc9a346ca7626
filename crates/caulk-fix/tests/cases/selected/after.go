package p

import (
	"context"
	"time"
)

const interval = 5 * time.Second

func poll(ctx context.Context, work func()) {
	for {
		ticker := time.NewTicker(interval)
		select {
		case <-ticker.C: // now and then
			ticker.Stop()
		case <-ctx.Done():
			ticker.Stop()
			return
		}
		work()
	}
}

func backOff(ctx context.Context, wake <-chan bool, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	select {
	case <-timer.C:
		return true
	case again, ok := <-wake:
		timer.Stop()
		if !ok {
			return false
		}
		return again
	case <-ctx.Done():
		timer.Stop()
		return false
	}
}

package p

import (
	"context"
	"fmt"
	"time"
)

const interval = 5 * time.Second

func watch(ctx context.Context) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for range ticker.C {
		if ctx.Err() != nil {
			return
		}
		fmt.Println("tick")
	}
}

func poll(ctx context.Context) {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	tick := ticker.C
	for {
		select {
		case <-tick:
			fmt.Println("tick")
		case <-ctx.Done():
			return
		}
	}
}

func every(ctx context.Context, d time.Duration) {
	for range time.Tick(d) { // review: panics where its duration is not positive
		if ctx.Err() != nil {
			return
		}
	}
}

func shared(done chan struct{}) {
	tick := time.Tick(time.Minute) // refused: used by a goroutine
	go func() {
		for {
			select {
			case <-tick:
				fmt.Println("tick")
			case <-done:
				return
			}
		}
	}()
}

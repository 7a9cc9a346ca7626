package p

import (
	"fmt"
	"time"
)

const idle = 5 * time.Minute

// Each turn would make a timer of its own.
func eachMessage(messages chan int, done chan struct{}) {
	fmt.Println("waiting")
	timer := time.NewTimer(idle)
	defer timer.Stop()
	for {
		if !timer.Stop() {
			select {
			case <-timer.C:
			default:
			}
		}
		timer.Reset(idle)
		select {
		case <-messages:
		case <-timer.C:
			fmt.Println("idle")
		case <-done:
			return
		}
	}
}

func labelled(messages chan int, seconds int) int {
	n := 0
	timer := time.NewTimer(time.Duration(seconds) * time.Minute)
	defer timer.Stop()
outer:
	for {
		n++
		if !timer.Stop() {
			select {
			case <-timer.C:
			default:
			}
		}
		timer.Reset(time.Duration(seconds) * time.Minute)
		// Wait for the next one.
		select {
		case m := <-messages:
			if m < 0 {
				break outer
			}
		case <-timer.C:
			return n
		}
	}
	return n
}

func ofTurn(messages chan int) {
	for {
		d := time.Duration(len(messages)) * time.Minute
		select {
		case <-messages:
		case <-time.After(d): // refused: use NewTimer.C
			fmt.Println("idle")
		}
	}
}

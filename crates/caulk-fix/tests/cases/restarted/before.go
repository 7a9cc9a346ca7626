package p

import (
	"fmt"
	"time"
)

const idle = 5 * time.Minute

// Each turn would make a timer of its own.
func eachMessage(messages chan int, done chan struct{}) {
	fmt.Println("waiting")
	for {
		select {
		case <-messages:
		case <-time.After(idle):
			fmt.Println("idle")
		case <-done:
			return
		}
	}
}

func labelled(messages chan int, seconds int) int {
	n := 0
outer:
	for {
		n++
		// Wait for the next one.
		select {
		case m := <-messages:
			if m < 0 {
				break outer
			}
		case <-time.After(time.Duration(seconds) * time.Minute):
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

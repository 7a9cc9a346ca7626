package p

import (
	"os"
	"os/signal"
)

func untilInterrupted(work <-chan int) int {
	sum := 0
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	for {
		select {
		case n := <-work:
			sum += n
		case <-interrupts:
			return sum
		}
	}
}

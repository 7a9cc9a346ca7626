package p

import (
	"os"
	"os/signal"
)

func untilInterrupted(work <-chan int) int {
	sum := 0
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	for {
		select {
		case n := <-work:
			sum += n
		case <-interrupts:
			return sum
		}
	}
}

// Package shape: from Go 1.23 on the collector stops tickers and timers that nobody refers to.
package shape

import "time"

func unstopped(d time.Duration) {
	t := time.NewTicker(d) // ok
	for range 3 {
		<-t.C
	}
}

func tick(d time.Duration, n int) {
	for range time.Tick(d) { // ok
		if n--; n == 0 {
			return
		}
	}
}

func afterInLoop(c <-chan int) (sum int) {
	for {
		select {
		case x, ok := <-c:
			if !ok {
				return sum
			}
			sum += x
		case <-time.After(time.Hour): // ok
			return sum
		}
	}
}

func timer(d time.Duration, c <-chan int) int {
	t := time.NewTimer(d) // ok
	select {
	case x := <-c:
		return x
	case <-t.C:
		return 0
	}
}

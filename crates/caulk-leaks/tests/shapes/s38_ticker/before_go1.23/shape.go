// Package shape: before Go 1.23 a ticker that is not stopped stays for ever, and a timer until it fires.
package shape

import "time"

func unstopped(d time.Duration) {
	t := time.NewTicker(d) // want leak /unstopped-ticker/
	for i := 0; i < 3; i++ {
		<-t.C
	}
}

func stopped(d time.Duration) {
	t := time.NewTicker(d) // ok
	defer t.Stop()
	for i := 0; i < 3; i++ {
		<-t.C
	}
}

func stoppedOnOnePath(d time.Duration, c <-chan int) int {
	t := time.NewTicker(d) // want leak /unstopped-ticker/
	for {
		select {
		case x := <-c:
			return x
		case <-t.C:
			if d > time.Second {
				t.Stop()
				return 0
			}
		}
	}
}

func tick(d time.Duration, n int) {
	for range time.Tick(d) { // want leak /unstopped-ticker/
		if n--; n == 0 {
			return
		}
	}
}

type poller struct{ t *time.Ticker }

func newPoller(d time.Duration) *poller {
	return &poller{t: time.NewTicker(d)} // ok
}

func (p *poller) Stop() { p.t.Stop() }

func timerStopped(d time.Duration, c <-chan int) int {
	t := time.NewTimer(d) // ok
	defer t.Stop()
	select {
	case x := <-c:
		return x
	case <-t.C:
		return 0
	}
}

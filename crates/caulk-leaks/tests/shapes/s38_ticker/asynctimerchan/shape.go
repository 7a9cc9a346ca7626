// Package shape: with asynctimerchan=1 tickers are as they were before Go 1.23.
package shape

import "time"

func unstopped(d time.Duration) {
	t := time.NewTicker(d) // want leak /unstopped-ticker/
	for range 3 {
		<-t.C
	}
}

func stopped(d time.Duration) {
	t := time.NewTicker(d) // ok
	defer t.Stop()
	for range 3 {
		<-t.C
	}
}

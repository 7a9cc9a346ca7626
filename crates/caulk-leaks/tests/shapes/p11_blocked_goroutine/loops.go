package shape

import (
	"errors"
	"time"
)

var errEmpty = errors.New("empty")

func try() error { return nil }

// Started anew in each turn, on a channel that is declared with others.
func startedWhereNeeded(quit chan struct{}) {
	var (
		done chan struct{}
		fail = make(chan error)
	)
	for {
		if done == nil {
			done = make(chan struct{})
			go func() {
				if err := try(); err != nil {
					fail <- err // want leak /blocked-goroutine/
					return
				}
				close(done)
			}()
		}
		select {
		case <-done:
			done = nil
		case <-fail:
			return
		case <-quit:
			return
		}
	}
}

func startedWithRoom(quit chan struct{}) {
	var (
		done chan struct{}
		fail = make(chan error, 1)
	)
	for {
		if done == nil {
			done = make(chan struct{})
			go func() { // ok
				if err := try(); err != nil {
					fail <- err
					return
				}
				close(done)
			}()
		}
		select {
		case <-done:
			done = nil
		case <-fail:
			return
		case <-quit:
			return
		}
	}
}

// Whichever of the two channels is received from, the goroutine has gone on.
func toldByEither(n int) {
	fail := make(chan error)
	for i := 0; i < n; i++ {
		var done chan struct{}
		done = make(chan struct{})
		go func() { // ok
			if err := try(); err != nil {
				fail <- err
				return
			}
			close(done)
		}()
		select {
		case <-done:
			return
		case <-fail:
			return
		}
	}
}

func triesAgain(stop chan struct{}) bool {
	tried := make(chan error)
	for {
		go func() {
			tried <- try() // want leak /blocked-goroutine/
		}()
		select {
		case err := <-tried:
			if err == nil {
				return true
			}
		case <-stop:
			return false
		}
	}
}

func receivesFirst(stop chan struct{}) bool {
	tried := make(chan error)
	for {
		go func() { // ok
			tried <- try()
		}()
		if err := <-tried; err == nil {
			return true
		}
		select {
		case <-stop:
			return false
		default:
		}
	}
}

func lines(in chan string) {
	for line := range in {
		println(line)
	}
}

func asked(in chan string) {
	for {
		line, ok := <-in
		if !ok {
			return
		}
		println(line)
	}
}

func workersLeft(n int, next func() (string, error)) error {
	work := make(chan string, n)
	for i := 0; i < n; i++ {
		go lines(work) // want leak /blocked-goroutine/
	}
	for {
		line, err := next()
		if err != nil {
			return err
		}
		if line == "" {
			break
		}
		work <- line
	}
	close(work)
	return nil
}

func workersAsk(n int, next func() (string, error)) error {
	work := make(chan string, n)
	for i := 0; i < n; i++ {
		go asked(work) // want leak /blocked-goroutine/
	}
	line, err := next()
	if err != nil {
		return err
	}
	work <- line
	close(work)
	return nil
}

func workersDone(n int, next func() (string, error)) error {
	work := make(chan string, n)
	defer close(work)
	for i := 0; i < n; i++ {
		go asked(work) // ok
	}
	line, err := next()
	if err != nil {
		return errEmpty
	}
	work <- line
	return nil
}

// Each turn closes its own.
func turnByTurn(all []string) error {
	for _, line := range all {
		work := make(chan string, 1)
		go lines(work) // ok
		work <- line
		close(work)
	}
	return nil
}

func untilDone(run func()) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	go func() {
		for range tick.C { // want leak /endless-goroutine/
			println("still at it")
		}
	}()
	run()
}

func untilToldToEnd(run func()) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	done := make(chan struct{})
	defer close(done)
	go func() {
		for { // ok
			select {
			case <-tick.C:
				println("still at it")
			case <-done:
				return
			}
		}
	}()
	run()
}

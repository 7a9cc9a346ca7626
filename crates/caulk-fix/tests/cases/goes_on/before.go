package p

import (
	"errors"
	"time"
)

type watcher struct{ ticker *time.Ticker }

func (w *watcher) Stop() { w.ticker.Stop() }

func newWatcher(every time.Duration) (*watcher, error) {
	if every <= 0 {
		return nil, errors.New("interval")
	}
	return &watcher{ticker: time.NewTicker(every)}, nil
}

var idle = &watcher{}

type server struct{ w *watcher }

// The error is looked at, and another value put in its place.
func serve(every time.Duration, check func() error) (*server, error) {
	w, err := newWatcher(every) // refused: the function goes on where there is an error
	if err != nil {
		println("not watching")
		w = idle
	}
	if err := check(); err != nil {
		return nil, err
	}
	return &server{w: w}, nil
}

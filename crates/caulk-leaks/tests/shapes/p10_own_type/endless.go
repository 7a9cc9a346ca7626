package shape

import (
	"net/http"
	"sync"
	"time"
)

// Close stops the ticker, but not the goroutine that ranges over its channel.
type flusher struct {
	mu     sync.Mutex
	ticker *time.Ticker
	n      int
}

func newFlusher(d time.Duration) *flusher {
	f := &flusher{ticker: time.NewTicker(d)}
	go f.flushPeriodically()
	return f
}

func (f *flusher) flushPeriodically() {
	for range f.ticker.C { // want leak /endless-goroutine/
		f.flush()
	}
}

func (f *flusher) flush() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n = 0
}

func (f *flusher) Close() {
	f.ticker.Stop()
	f.flush()
}

type sweeper struct{ m sync.Map }

func newSweeper() *sweeper {
	s := &sweeper{}
	go func() { // want leak /endless-goroutine/
		for {
			time.Sleep(time.Minute)
			s.m.Clear()
		}
	}()
	return s
}

func (s *sweeper) Close() { s.m.Clear() }

type stoppable struct {
	ticker *time.Ticker
	done   chan struct{}
}

func newStoppable(d time.Duration) *stoppable {
	s := &stoppable{ticker: time.NewTicker(d), done: make(chan struct{})}
	go s.loop() // ok
	return s
}

func (s *stoppable) loop() {
	for {
		select {
		case <-s.ticker.C:
		case <-s.done:
			return
		}
	}
}

func (s *stoppable) Close() {
	s.ticker.Stop()
	close(s.done)
}

// Without a release method a value is meant to live as long as the process.
type forever struct{ n int }

func newForever() *forever {
	f := &forever{}
	go func() { // ok
		for {
			time.Sleep(time.Minute)
			f.n++
		}
	}()
	return f
}

func perRequest(w http.ResponseWriter, _ *http.Request) {
	f := newFlusher(time.Second)
	defer f.Close()
	s := newSweeper()
	defer s.Close()
	t := newStoppable(time.Second)
	defer t.Close()
	_ = newForever()
	w.WriteHeader(http.StatusOK)
}

func RegisterEndless(mux *http.ServeMux) { mux.HandleFunc("GET /endless", perRequest) }

// Who makes it is not known, and time.Tick cannot be stopped: it may be one for the whole process.
type Daemon struct{ n int }

func NewDaemon() *Daemon {
	d := &Daemon{}
	go d.collect()
	return d
}

func (d *Daemon) collect() {
	for range time.Tick(time.Minute) { // ok
		d.n = 0
	}
}

func (d *Daemon) Shutdown() { reset(d) }

func reset(d *Daemon) { d.n = 0 }

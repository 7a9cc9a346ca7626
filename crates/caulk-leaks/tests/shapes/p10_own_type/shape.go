// Package shape: types of the program itself that hold something until they are closed.
package shape

import (
	"os"
	"sync"
)

type pump struct {
	in   chan int
	stop chan struct{}
	wg   sync.WaitGroup
}

func newPump() *pump {
	p := &pump{in: make(chan int), stop: make(chan struct{})}
	p.wg.Go(p.loop) // ok
	return p
}

func (p *pump) loop() {
	for {
		select {
		case <-p.in:
		case <-p.stop:
			return
		}
	}
}

func (p *pump) Close() {
	close(p.stop)
	p.wg.Wait()
}

func pumped() {
	p := newPump() // ok
	defer p.Close()
	p.in <- 1
}

func pumpForgotten() {
	p := newPump() // want leak /unclosed-resource/
	p.in <- 1
}

type logFile struct{ f *os.File }

func openLog(path string) (*logFile, error) {
	f, err := os.Create(path) // ok
	if err != nil {
		return nil, err
	}
	return &logFile{f: f}, nil
}

func (l *logFile) Line(s string) error {
	_, err := l.f.WriteString(s + "\n")
	return err
}

func (l *logFile) Close() error { return l.f.Close() }

func logged(path string) error {
	l, err := openLog(path) // ok
	if err != nil {
		return err
	}
	defer l.Close()
	return l.Line("x")
}

func logForgotten(path string) error {
	l, err := openLog(path) // want leak
	if err != nil {
		return err
	}
	return l.Line("x")
}

// Close of a buffer does nothing, so nothing is owed.
type buffer struct{ b []byte }

func newBuffer() *buffer { return &buffer{} }

func (b *buffer) Close() error { return nil }

func buffered() int {
	b := newBuffer() // ok
	return len(b.b)
}

package p

import "context"

type loop struct {
	ctx     context.Context
	cancel  context.CancelFunc
	stopped chan struct{}
}

func newLoop(parent context.Context) *loop {
	ctx, cancel := context.WithCancel(parent)
	return &loop{ctx: ctx, cancel: cancel, stopped: make(chan struct{})}
}

func (l *loop) run() {
	<-l.ctx.Done()
	close(l.stopped)
}

func (l *loop) step() {}

func (l *loop) stop() {
	l.cancel()
	<-l.stopped
}

func once(parent context.Context) {
	l := newLoop(parent) // refused: waits for a goroutine that may not have been started
	l.step()
}

func both(parent context.Context) {
	l := newLoop(parent) // refused: used by a goroutine
	go l.run()
	l.step()
}

// Package f02 makes owners of a context, with and without something that the context would stop.
package f02

import "context"

type renewer struct {
	ctx  context.Context
	stop context.CancelFunc
	wait int
}

func newRenewer() *renewer {
	ctx, stop := context.WithCancel(context.Background())
	return &renewer{ctx: ctx, stop: stop, wait: 10}
}

func (r *renewer) run() { go r.renew() }

func (r *renewer) renew() { <-r.ctx.Done() }

func (r *renewer) Shutdown() { r.stop() }

func looksAtIt() int {
	r := newRenewer() // ok
	return r.wait
}

func startsIt() int {
	r := newRenewer() // want leak
	r.run()
	return r.wait
}

func startsAndStopsIt() int {
	r := newRenewer() // ok
	r.run()
	defer r.Shutdown()
	return r.wait
}

type hook struct {
	renewer *renewer
}

func newHook() *hook { return &hook{renewer: newRenewer()} }

func (h *hook) Shutdown() { h.renewer.Shutdown() }

func heldByAnother() *renewer {
	h := newHook() // ok
	return h.renewer
}

func newRunning(parent context.Context) *renewer {
	ctx, stop := context.WithCancel(parent)
	return &renewer{ctx: ctx, stop: stop}
}

func knownToItsParent(parent context.Context) int {
	r := newRunning(parent) // want leak
	return r.wait
}

func newStarted() *renewer {
	ctx, stop := context.WithCancel(context.Background())
	r := &renewer{ctx: ctx, stop: stop}
	r.run()
	return r
}

func startedByItsMaker() int {
	r := newStarted() // want leak
	return r.wait
}

type cleaner struct {
	done chan struct{}
	idle int
}

// newCleaner cleans up only if there is something that gets idle.
func newCleaner(idle int) *cleaner {
	c := &cleaner{done: make(chan struct{}), idle: idle}
	if idle > 0 {
		go func() { <-c.done }()
	}
	return c
}

func (c *cleaner) Close() {
	if c.idle > 0 {
		close(c.done)
	}
}

func nothingToClean() int {
	c := newCleaner(0) // ok
	return c.idle
}

func stopsItWhateverComes() int {
	r := newRenewer() // ok
	defer r.Shutdown()
	r.run()
	return r.wait
}

// newBelow and newOfItsOwn only put a context away, the one below whatever it is given.
func newBelow(parent context.Context, wait int) *renewer {
	ctx, stop := context.WithCancel(parent)
	return &renewer{ctx: ctx, stop: stop, wait: wait}
}

func newOfItsOwn() *renewer { return newBelow(context.Background(), 1) }

func belowNothing() int {
	r := newBelow(context.Background(), 1) // ok
	return r.wait + newOfItsOwn().wait // ok
}

func belowNothingAndStarted() int {
	r := newOfItsOwn() // want leak
	r.run()
	return r.wait
}

func belowAnother(parent context.Context) int {
	r := newBelow(parent, 1) // want leak
	return r.wait
}

// newCollector collects in the background unless there is nothing to collect.
func newCollector(of int) *cleaner {
	c := &cleaner{done: make(chan struct{}), idle: of}
	if of == 0 {
		return c
	}
	go func() { <-c.done }()
	return c
}

func nothingToCollect() int {
	c := newCollector(0) // ok
	return c.idle
}

func newFollowing(parent context.Context) *renewer {
	ctx, stop := context.WithCancel(parent)
	r := &renewer{ctx: ctx, stop: stop}
	r.run()
	return r
}

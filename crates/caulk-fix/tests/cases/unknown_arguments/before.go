package p

import (
	"context"
	"testing"
	"time"
)

type executor struct{ cancel context.CancelFunc }

func newExecutor(parent context.Context) *executor {
	ctx, cancel := context.WithCancel(parent)
	go func() { <-ctx.Done() }()
	return &executor{cancel: cancel}
}

func (e *executor) Shutdown(signal string, grace time.Duration) {
	println(signal, grace)
	e.cancel()
}

func (e *executor) launch() {}

func run(parent context.Context) {
	e := newExecutor(parent) // refused: takes arguments that are not known
	e.launch()
}

func testRun(t *testing.T) {
	e := newExecutor(context.Background()) // refused: takes arguments that are not known
	e.launch()
}

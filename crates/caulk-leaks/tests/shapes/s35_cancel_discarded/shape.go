// Package shape: the cancel function is "used" only to please the compiler, or kept where nobody calls it.
package shape

import (
	"context"
	"net/http"
	"time"
)

func discarded(p context.Context, d time.Duration) error {
	ctx, cancel := context.WithTimeout(p, d) // want leak /uncalled-cancel/
	_ = cancel
	return use(ctx)
}

func blank(p context.Context) error {
	ctx, _ := context.WithCancel(p) // want leak /uncalled-cancel/
	return use(ctx)
}

func onePath(p context.Context, quick bool) error {
	ctx, cancel := context.WithCancel(p) // want leak /uncalled-cancel/
	if quick {
		return use(ctx)
	}
	defer cancel()
	return use(ctx)
}

func inLoop(p context.Context, n int) error {
	for range n {
		ctx, cancel := context.WithTimeout(p, time.Second) // want leak /uncalled-cancel/
		if err := use(ctx); err != nil {
			return err
		}
		cancel()
	}
	return nil
}

// Nothing in the module ever calls stop, and a Worker is made per request.
type Worker struct {
	ctx  context.Context
	stop context.CancelFunc
}

func newWorker() *Worker {
	w := &Worker{}
	w.ctx, w.stop = context.WithCancel(context.Background()) // want leak
	return w
}

func (w *Worker) run() error { return use(w.ctx) }

func handle(rw http.ResponseWriter, _ *http.Request) {
	if err := newWorker().run(); err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
	}
}

func Register(mux *http.ServeMux) { mux.HandleFunc("POST /work", handle) }

func called(p context.Context, d time.Duration) error {
	ctx, cancel := context.WithTimeout(p, d) // ok
	defer cancel()
	return use(ctx)
}

func deadlineInLoop(p context.Context, n int) error {
	for range n {
		ctx, cancel := context.WithTimeout(p, time.Second) // ok
		err := use(ctx)
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}

func signalNeedsNone(p context.Context) error {
	ctx := context.WithoutCancel(p) // ok
	return use(ctx)
}

func use(ctx context.Context) error { return ctx.Err() }

// Package shape: the cancel function leaves through a named result or an outer variable.
package shape

import "context"

func naked(bg context.Context) (ctx context.Context, stop func()) {
	ctx, stop = context.WithCancel(bg) // ok
	return
}

func outerVariable(p context.Context, some bool) {
	var ctx context.Context
	var cancel context.CancelFunc
	begin := func() {
		ctx, cancel = context.WithCancel(p) // ok
	}
	if some {
		begin()
	}
	if cancel != nil {
		defer cancel()
	}
	use(ctx)
}

func outerVariableDeferred(p context.Context) {
	var cancel context.CancelFunc
	defer func() { cancel() }()
	p, cancel = context.WithCancel(p) // ok
	use(p)
}

func nakedOneOfTwo(bg context.Context, child bool) (ctx context.Context, stop func()) {
	ctx, stop = bg, func() {}
	if child {
		ctx, stop = context.WithCancel(bg) // ok
	}
	return
}

func shadowedResult(bg context.Context) (ctx context.Context, stop func()) {
	stop = func() {}
	if bg != nil {
		ctx, stop := context.WithCancel(bg) // want leak /uncalled-cancel/
		use(ctx)
		_ = stop
	}
	return bg, stop
}

func use(context.Context) {}

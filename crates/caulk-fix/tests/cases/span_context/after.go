package p

import (
	"context"
	"sync"

	"go.opentelemetry.io/otel/trace"
)

// A span ends with what it measures, not before.
func begin(ctx context.Context, tracer trace.Tracer) context.Context {
	ctx, _ = tracer.Start(ctx, "begin") // refused: it was given beside ctx, which lives on
	return ctx
}

func each(ctx context.Context, tracer trace.Tracer, names []string, ask func(context.Context, string)) {
	var wg sync.WaitGroup
	for _, name := range names {
		wg.Add(1)
		inner, span := tracer.Start(ctx, name) // refused: a goroutine may still use
		span.SetName(name)
		go func() {
			defer wg.Done()
			ask(inner, name)
		}()
	}
	wg.Wait()
}

func once(ctx context.Context, tracer trace.Tracer, name string, ask func(context.Context, string)) {
	var wg sync.WaitGroup
	wg.Add(1)
	inner, span := tracer.Start(ctx, name)
	defer span.End()
	span.SetName(name)
	go func() {
		defer wg.Done()
		ask(inner, name)
	}()
	wg.Wait()
}

func find(ctx context.Context, tracer trace.Tracer, name string, ask func(context.Context, string) (any, error)) (any, error) {
	inner, span := tracer.Start(ctx, name)
	defer span.End()
	span.SetName(name)
	return ask(inner, name)
}

// Package shape: a factory or a wrapper owns the span.
package shape

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
)

var tr = otel.Tracer("shape")

func start(ctx context.Context, n string) (context.Context, trace.Span) {
	return tr.Start(ctx, n) // ok
}

func factoryUsed(ctx context.Context) error {
	ctx, span := start(ctx, "a") // ok
	defer span.End()
	return work(ctx)
}

func factoryForgotten(ctx context.Context) error {
	ctx, span := start(ctx, "a") // want leak /unended-span/
	span.AddEvent("begin")
	return work(ctx)
}

type conn struct {
	ctx  context.Context
	span trace.Span
}

func (c *conn) Close() error {
	c.span.End()
	return nil
}

func dial(ctx context.Context) (*conn, error) {
	ctx, span := tr.Start(ctx, "dial") // ok
	return &conn{ctx, span}, nil
}

func dialCanFail(ctx context.Context) (*conn, error) {
	ctx, span := tr.Start(ctx, "dial") // want leak /unended-span/
	if err := work(ctx); err != nil {
		return nil, err
	}
	return &conn{ctx, span}, nil
}

func deferred(ctx context.Context) (err error) {
	ctx, span := tr.Start(ctx, "b") // ok
	defer func() {
		if err != nil {
			span.RecordError(err)
		}
		span.End()
	}()
	return work(ctx)
}

func endedLate(ctx context.Context) error {
	ctx, span := tr.Start(ctx, "c") // want leak /unended-span/
	if err := work(ctx); err != nil {
		return err
	}
	span.End()
	return nil
}

func discarded(ctx context.Context) error {
	ctx, _ = tr.Start(ctx, "d") // want leak /unended-span/
	return work(ctx)
}

// Somebody else's span is not ours to end.
func borrowed(ctx context.Context) {
	span := trace.SpanFromContext(ctx) // ok
	span.AddEvent("seen")
}

func work(ctx context.Context) error {
	if ctx == nil {
		return errors.New("no context")
	}
	return ctx.Err()
}

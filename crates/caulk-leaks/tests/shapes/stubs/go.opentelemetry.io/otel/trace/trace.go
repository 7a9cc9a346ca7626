// Package trace declares what the shapes use of the package of this path.
package trace

import "context"

type TracerOption interface{ applyTracer() }

type SpanStartOption interface{ applyStart() }

type SpanEndOption interface{ applyEnd() }

type EventOption interface{ applyEvent() }

type Tracer interface {
	Start(ctx context.Context, spanName string, opts ...SpanStartOption) (context.Context, Span)
}

type Span interface {
	End(options ...SpanEndOption)
	AddEvent(name string, options ...EventOption)
	RecordError(err error, options ...EventOption)
}

type key struct{}

type tracer struct{}

type span struct{ ended chan struct{} }

func New() Tracer { return tracer{} }

func SpanFromContext(ctx context.Context) Span {
	s, _ := ctx.Value(key{}).(Span)
	return s
}

func (tracer) Start(ctx context.Context, spanName string, opts ...SpanStartOption) (context.Context, Span) {
	s := &span{ended: make(chan struct{})}
	go func() { <-s.ended }()
	return context.WithValue(ctx, key{}, s), s
}

func (s *span) End(options ...SpanEndOption) { close(s.ended) }

func (s *span) AddEvent(name string, options ...EventOption) {}

func (s *span) RecordError(err error, options ...EventOption) {}

package p

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/sdk/trace"
)

// What ends it takes a context, and the file has none yet.
func provider(exporter trace.SpanExporter, addr string) (*trace.TracerProvider, error) {
	processor := trace.NewBatchSpanProcessor(exporter)
	resp, err := http.Get(addr)
	if err != nil {
		processor.Shutdown(context.Background())
		return nil, err
	}
	resp.Body.Close()
	time.Sleep(time.Millisecond)
	return trace.NewTracerProvider(trace.WithSpanProcessor(processor)), nil
}

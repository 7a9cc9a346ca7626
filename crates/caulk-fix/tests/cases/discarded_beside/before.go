package p

import (
	"context"
	"io"

	"github.com/nats-io/nats.go"
	"github.com/uber/jaeger-client-go/config"
)

type tracing struct{ tracer any }

// The tracer reports by what would be closed.
func newTracing(c config.Configuration) (*tracing, error) {
	tracer, _, err := c.NewTracer() // refused: it was given beside tracer, which lives on
	if err != nil {
		return nil, err
	}
	return &tracing{tracer: tracer}, nil
}

type server struct {
	conn     *nats.Conn
	messages chan *nats.Msg
}

// Messages are to come for as long as there is the server.
func (s *server) listen(subject string) error {
	_, err := s.conn.ChanSubscribe(subject, s.messages) // refused: what comes for it would end with the function
	return err
}

// The context is done with when the function is.
func ask(parent context.Context, r io.Reader) ([]byte, error) {
	ctx, _ := context.WithCancel(parent)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

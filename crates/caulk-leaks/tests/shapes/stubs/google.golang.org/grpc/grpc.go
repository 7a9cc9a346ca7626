// Package grpc declares what the shapes use of the package of this path.
package grpc

import "context"

type ClientConn struct{ done chan struct{} }

type DialOption interface{ apply() }

type CallOption interface{ apply() }

type StreamDesc struct {
	StreamName                   string
	ServerStreams, ClientStreams bool
}

type ClientStream interface {
	CloseSend() error
	Context() context.Context
	SendMsg(m any) error
	RecvMsg(m any) error
}

func NewClient(target string, opts ...DialOption) (*ClientConn, error) {
	cc := &ClientConn{done: make(chan struct{})}
	go func() { <-cc.done }()
	return cc, nil
}

func (cc *ClientConn) Close() error {
	close(cc.done)
	return nil
}

func (cc *ClientConn) Invoke(ctx context.Context, method string, args, reply any, opts ...CallOption) error {
	return ctx.Err()
}

func (cc *ClientConn) NewStream(ctx context.Context, desc *StreamDesc, method string, opts ...CallOption) (ClientStream, error) {
	return &clientStream{ctx: ctx}, ctx.Err()
}

type clientStream struct{ ctx context.Context }

func (s *clientStream) CloseSend() error         { return nil }
func (s *clientStream) Context() context.Context { return s.ctx }
func (s *clientStream) SendMsg(m any) error      { return s.ctx.Err() }
func (s *clientStream) RecvMsg(m any) error      { return s.ctx.Err() }

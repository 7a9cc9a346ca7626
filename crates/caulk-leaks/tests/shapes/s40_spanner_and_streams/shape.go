// Package shape: iterators and transactions of Spanner, and streams of gRPC.
package shape

import (
	"context"

	"cloud.google.com/go/spanner"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
)

func nextOnly(ctx context.Context, client *spanner.Client, st spanner.Statement) {
	_, _ = client.Single().Query(ctx, st).Next() // want leak /unstopped-iterator/
}

func oneRow(ctx context.Context, client *spanner.Client, st spanner.Statement) (*spanner.Row, error) {
	it := client.Single().Query(ctx, st) // want leak /unstopped-iterator/
	row, err := it.Next()
	if err != nil {
		return nil, err
	}
	return row, nil
}

func stopped(ctx context.Context, client *spanner.Client, st spanner.Statement) (*spanner.Row, error) {
	it := client.Single().Query(ctx, st) // ok
	defer it.Stop()
	return it.Next()
}

func done(ctx context.Context, client *spanner.Client, st spanner.Statement, fn func(*spanner.Row) error) error {
	it := client.Single().Query(ctx, st) // ok
	return it.Do(fn)
}

func single(client *spanner.Client) *spanner.ReadOnlyTransaction {
	return client.Single() // ok
}

func singleAlone(client *spanner.Client) {
	tx := client.Single() // ok
	_ = tx
}

func closedTransaction(ctx context.Context, client *spanner.Client) error {
	tx := client.ReadOnlyTransaction() // ok
	defer tx.Close()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return use(ctx, tx) })
	g.Go(func() error { return use(ctx, tx) })
	return g.Wait()
}

func openTransaction(ctx context.Context, client *spanner.Client) error {
	tx := client.ReadOnlyTransaction() // want leak /unfinished-transaction/
	return use(ctx, tx)
}

func iteratorReturned(ctx context.Context, client *spanner.Client, st spanner.Statement) *spanner.RowIterator {
	return client.Single().Query(ctx, st) // ok
}

func use(ctx context.Context, tx *spanner.ReadOnlyTransaction) error {
	it := tx.Query(ctx, spanner.Statement{SQL: "select 1"}) // ok
	defer it.Stop()
	_, err := it.Next()
	return err
}

var watch = &grpc.StreamDesc{StreamName: "Watch", ServerStreams: true}

func streamForgotten(conn *grpc.ClientConn) error {
	s, err := conn.NewStream(context.Background(), watch, "/svc/Watch") // want leak
	if err != nil {
		return err
	}
	return s.RecvMsg(nil)
}

func streamCancelled(ctx context.Context, conn *grpc.ClientConn) error {
	ctx, cancel := context.WithCancel(ctx) // ok
	defer cancel()
	s, err := conn.NewStream(ctx, watch, "/svc/Watch") // ok
	if err != nil {
		return err
	}
	return s.RecvMsg(nil)
}

func streamDrained(conn *grpc.ClientConn) error {
	s, err := conn.NewStream(context.Background(), watch, "/svc/Watch") // ok
	if err != nil {
		return err
	}
	for {
		if err := s.RecvMsg(nil); err != nil {
			return err
		}
	}
}

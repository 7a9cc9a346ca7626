// Package f06 makes what lives in a client, where the client is closed and where it is not.
package f06

import (
	"context"

	"cloud.google.com/go/spanner"
)

func query(tx *spanner.ReadOnlyTransaction) error { return nil }

func clientIsClosed(ctx context.Context, db string) error {
	client, err := spanner.NewClient(ctx, db)
	if err != nil {
		return err
	}
	defer client.Close()
	tx := client.ReadOnlyTransaction() // ok
	return query(tx)
}

func clientIsClosedInALiteral(ctx context.Context, db string) error {
	client, err := spanner.NewClient(ctx, db)
	if err != nil {
		return err
	}
	defer func() {
		client.Close()
	}()
	tx := client.ReadOnlyTransaction() // ok
	return query(tx)
}

func clientOfTheCaller(client *spanner.Client) error {
	tx := client.ReadOnlyTransaction() // want leak /unfinished-transaction/
	return query(tx)
}

func anotherIsClosed(ctx context.Context, client *spanner.Client, db string) error {
	other, err := spanner.NewClient(ctx, db)
	if err != nil {
		return err
	}
	defer other.Close()
	tx := client.ReadOnlyTransaction() // want leak /unfinished-transaction/
	return query(tx)
}

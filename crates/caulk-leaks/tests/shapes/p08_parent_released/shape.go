// Package shape: a handle outlives its parent. It does not leak (it is broken), so nothing is reported here;
// where a missing Close would make it so, no fix may add one.
package shape

import (
	"bufio"
	"context"
	"io"
	"os"

	"cloud.google.com/go/pubsub"
)

func topic(ctx context.Context) (*pubsub.Topic, error) {
	client, err := pubsub.NewClient(ctx, "p") // ok
	if err != nil {
		return nil, err
	}
	defer client.Close()
	return client.Topic("x"), nil
}

// The caller reads from the file through the scanner: it must stay open.
func scanner(p string) (*bufio.Scanner, error) {
	f, err := os.Open(p) // want leak /unclosed-file/
	if err != nil {
		return nil, err
	}
	return bufio.NewScanner(f), nil
}

type lines struct {
	s *bufio.Scanner
	c io.Closer
}

func (l *lines) Close() error { return l.c.Close() }

func openLines(p string) (*lines, error) {
	f, err := os.Open(p) // ok
	if err != nil {
		return nil, err
	}
	return &lines{s: bufio.NewScanner(f), c: f}, nil
}

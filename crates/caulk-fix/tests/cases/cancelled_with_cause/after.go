// The cancel function takes a cause.
package cases

import (
	"context"
	"errors"
)

func run(parent context.Context, n int) error {
	ctx, cancel := context.WithCancelCause(parent)
	go func() {
		<-ctx.Done()
	}()
	if n == 0 {
		cancel(nil)
		return errors.New("none")
	}
	cancel(errors.New("done"))
	return nil
}

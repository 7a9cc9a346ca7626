// Command command ends when main returns, and its contexts with it.
package main

import (
	"context"
	"time"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second) // ok
	_ = cancel
	<-ctx.Done()
}

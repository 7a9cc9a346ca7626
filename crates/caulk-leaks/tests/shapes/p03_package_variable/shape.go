// Package shape: what a package-level variable holds lives as long as the process, if it is set once.
package shape

import (
	"context"
	"net/http"
	"os"
	"sync"

	"cloud.google.com/go/pubsub"
)

var devNull *os.File

func init() {
	f, err := os.Open(os.DevNull) // ok
	if err != nil {
		panic(err)
	}
	devNull = f
}

var (
	once   sync.Once
	shared *pubsub.Client
	failed error
)

func client(ctx context.Context) (*pubsub.Client, error) {
	once.Do(func() {
		shared, failed = pubsub.NewClient(ctx, "p") // ok
	})
	return shared, failed
}

var value = sync.OnceValue(func() *os.File {
	f, err := os.Open(os.DevNull) // ok
	if err != nil {
		panic(err)
	}
	return f
})

var lazy *pubsub.Client

func byNilCheck(ctx context.Context) (*pubsub.Client, error) {
	if lazy == nil {
		c, err := pubsub.NewClient(ctx, "p") // ok
		if err != nil {
			return nil, err
		}
		lazy = c
	}
	return lazy, nil
}

var initialised, _ = os.Open(os.DevNull) // ok

var current *pubsub.Client

func perRequest(w http.ResponseWriter, r *http.Request) {
	var err error
	current, err = pubsub.NewClient(r.Context(), "p") // want leak /unclosed-client/
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func Register(mux *http.ServeMux) { mux.HandleFunc("GET /client", perRequest) }

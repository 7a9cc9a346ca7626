// Package shape: a client per request.
package shape

import (
	"context"
	"net/http"

	containeranalysis "cloud.google.com/go/containeranalysis/apiv1"
	grafeas "cloud.google.com/go/grafeas/apiv1"
	"cloud.google.com/go/pubsub"
	"google.golang.org/grpc"
)

type H struct {
	proj   string
	shared *pubsub.Client
}

func (h *H) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := pubsub.NewClient(r.Context(), h.proj) // want leak /unclosed-client/
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if err := publish(r.Context(), c); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
	}
}

func (h *H) closed(w http.ResponseWriter, r *http.Request) {
	c, err := pubsub.NewClient(r.Context(), h.proj) // ok
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer c.Close()
	if err := publish(r.Context(), c); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
	}
}

func newH(ctx context.Context, proj string) (*H, error) {
	c, err := pubsub.NewClient(ctx, proj) // ok
	if err != nil {
		return nil, err
	}
	return &H{proj: proj, shared: c}, nil
}

func (h *H) Close() error { return h.shared.Close() }

// The topic keeps the client in use, but cannot close it.
func topicOnly(ctx context.Context, proj, name string) (*pubsub.Topic, error) {
	c, err := pubsub.NewClient(ctx, proj) // want leak /unclosed-client/
	if err != nil {
		return nil, err
	}
	return c.Topic(name), nil
}

// The derived client shares the connection of its parent, which is dropped.
func derived(ctx context.Context) (*grafeas.Client, error) {
	ca, err := containeranalysis.NewContainerAnalysisClient(ctx) // want leak /unclosed-client/
	if err != nil {
		return nil, err
	}
	return ca.GetGrafeasClient(), nil
}

func connection(ctx context.Context, addr string) error {
	conn, err := grpc.NewClient(addr) // want leak /unclosed-connection/
	if err != nil {
		return err
	}
	return conn.Invoke(ctx, "/svc/method", nil, nil)
}

func connectionClosed(ctx context.Context, addr string) error {
	conn, err := grpc.NewClient(addr) // ok
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Invoke(ctx, "/svc/method", nil, nil)
}

// Two returns, both with the client open.
func fetch(ctx context.Context, proj string) (string, error) {
	c, err := pubsub.NewClient(ctx, proj) // want leak /unclosed-client/
	if err != nil {
		return "", err
	}
	ok, err := c.Topic("t").Exists(ctx)
	if err != nil {
		return "", err
	}
	if ok {
		return "there", nil
	}
	return "not there", nil
}

func publish(ctx context.Context, c *pubsub.Client) error {
	_, err := c.Topic("t").Exists(ctx)
	return err
}

package p

import (
	"context"
	"fmt"

	"cloud.google.com/go/pubsub"
)

func publish(ctx context.Context, topic string) error {
	client, err := pubsub.NewClient(ctx, "project")
	if err != nil {
		return err
	}
	var results []*pubsub.PublishResult
	t := client.Topic(topic)
	for range 3 {
		results = append(results, t.Publish(ctx, &pubsub.Message{}))
	}
	for i, result := range results {
		id, err := result.Get(ctx)
		if err != nil {
			return err
		}
		fmt.Println(i, id)
	}
	return nil
}

func subscriptions(ctx context.Context) ([]*pubsub.Subscription, error) {
	client, err := pubsub.NewClient(ctx, "project") // refused: stores what is bound to it
	if err != nil {
		return nil, err
	}
	var found []*pubsub.Subscription
	it := client.Subscriptions(ctx)
	for {
		s, err := it.Next()
		if err != nil {
			break
		}
		found = append(found, s)
	}
	return found, nil
}

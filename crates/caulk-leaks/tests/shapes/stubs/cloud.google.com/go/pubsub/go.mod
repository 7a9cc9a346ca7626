module cloud.google.com/go/pubsub

go 1.25

require google.golang.org/api v1.0.0

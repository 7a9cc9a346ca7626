module example.com/shapes

go 1.26

require (
	cloud.google.com/go/containeranalysis v1.0.0
	cloud.google.com/go/grafeas v1.0.0
	cloud.google.com/go/pubsub v1.0.0
	cloud.google.com/go/spanner v1.0.0
	github.com/coder/websocket v1.0.0
	github.com/gorilla/websocket v1.0.0
	github.com/jackc/pgx/v5 v5.7.0
	go.opentelemetry.io/otel v1.0.0
	go.opentelemetry.io/otel/trace v1.0.0
	golang.org/x/sync v1.0.0
	google.golang.org/grpc v1.0.0
)

require google.golang.org/api v1.0.0 // indirect

replace (
	cloud.google.com/go/containeranalysis => ./stubs/cloud.google.com/go/containeranalysis
	cloud.google.com/go/grafeas => ./stubs/cloud.google.com/go/grafeas
	cloud.google.com/go/pubsub => ./stubs/cloud.google.com/go/pubsub
	cloud.google.com/go/spanner => ./stubs/cloud.google.com/go/spanner
	github.com/coder/websocket => ./stubs/github.com/coder/websocket
	github.com/gorilla/websocket => ./stubs/github.com/gorilla/websocket
	github.com/jackc/pgx/v5 => ./stubs/github.com/jackc/pgx/v5
	go.opentelemetry.io/otel => ./stubs/go.opentelemetry.io/otel
	go.opentelemetry.io/otel/trace => ./stubs/go.opentelemetry.io/otel/trace
	golang.org/x/sync => ./stubs/golang.org/x/sync
	google.golang.org/api => ./stubs/google.golang.org/api
	google.golang.org/grpc => ./stubs/google.golang.org/grpc
)

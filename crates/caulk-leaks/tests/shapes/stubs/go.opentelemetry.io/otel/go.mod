module go.opentelemetry.io/otel

go 1.25

require go.opentelemetry.io/otel/trace v1.0.0

module cloud.google.com/go/grafeas

go 1.25

require google.golang.org/grpc v1.0.0

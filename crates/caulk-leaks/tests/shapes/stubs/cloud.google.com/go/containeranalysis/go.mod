module cloud.google.com/go/containeranalysis

go 1.25

require (
	cloud.google.com/go/grafeas v1.0.0
	google.golang.org/api v1.0.0
	google.golang.org/grpc v1.0.0
)

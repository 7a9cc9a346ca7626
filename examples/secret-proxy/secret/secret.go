// Package secret reads secret values from Google Cloud Secret Manager.
package secret

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
)

// ErrNotFound is returned by Fetch for a secret that the project does not have.
var ErrNotFound = errors.New("secret not found")

// Store reads the secrets of one project.
type Store struct {
	project string
	options []option.ClientOption
}

// New returns a Store for the secrets of project, served at endpoint by a
// Secret Manager whose certificate is signed by an authority in caFile.
func New(project, endpoint, caFile string) (*Store, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("read certificate authority: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", caFile)
	}
	return &Store{
		project: project,
		options: []option.ClientOption{
			option.WithEndpoint(endpoint),
			option.WithoutAuthentication(),
			option.WithGRPCDialOption(grpc.WithTransportCredentials(
				credentials.NewClientTLSFromCert(roots, ""),
			)),
		},
	}, nil
}

// Fetch returns the payload of the latest version of the named secret.
func (s *Store) Fetch(ctx context.Context, name string) ([]byte, error) {
	client, err := secretmanager.NewClient(ctx, s.options...)
	if err != nil {
		return nil, fmt.Errorf("connect to secret manager: %w", err)
	}

	res, err := client.AccessSecretVersion(ctx, &secretmanagerpb.AccessSecretVersionRequest{
		Name: fmt.Sprintf("projects/%s/secrets/%s/versions/latest", s.project, name),
	})
	if err != nil {
		return nil, accessError(name, err)
	}

	return res.Payload.Data, nil
}

func accessError(name string, err error) error {
	if status.Code(err) == codes.NotFound {
		return fmt.Errorf("%w: %s", ErrNotFound, name)
	}
	return fmt.Errorf("access secret %s: %w", name, err)
}

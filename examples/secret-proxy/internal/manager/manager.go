// Package manager is a small Secret Manager: it serves secrets from memory
// over the API of the real one.
package manager

import (
	"context"
	"hash/crc32"
	"strings"

	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Manager serves one version of each of its secrets.
type Manager struct {
	secretmanagerpb.UnimplementedSecretManagerServiceServer

	payloads map[string][]byte // by projects/P/secrets/S
}

// New returns a Manager with the given secrets of project, by name.
func New(project string, secrets map[string][]byte) *Manager {
	payloads := make(map[string][]byte, len(secrets))
	for name, data := range secrets {
		payloads["projects/"+project+"/secrets/"+name] = data
	}
	return &Manager{payloads: payloads}
}

// AccessSecretVersion returns the payload of version 1, or latest, of a secret.
func (m *Manager) AccessSecretVersion(
	_ context.Context, req *secretmanagerpb.AccessSecretVersionRequest,
) (*secretmanagerpb.AccessSecretVersionResponse, error) {
	secret, version, ok := strings.Cut(req.GetName(), "/versions/")
	if !ok {
		return nil, status.Errorf(codes.InvalidArgument, "%q is not the name of a secret version", req.GetName())
	}
	data, ok := m.payloads[secret]
	if !ok || (version != "latest" && version != "1") {
		return nil, status.Errorf(codes.NotFound, "%s not found", req.GetName())
	}
	sum := int64(crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
	return &secretmanagerpb.AccessSecretVersionResponse{
		Name:    secret + "/versions/1",
		Payload: &secretmanagerpb.SecretPayload{Data: data, DataCrc32C: &sum},
	}, nil
}

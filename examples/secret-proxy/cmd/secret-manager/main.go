// Command secret-manager stands in for Google Cloud Secret Manager on a
// developer's machine: the same API over TLS, with signing keys made at start.
//
// It listens on LISTEN, and writes the certificate that clients must trust to CA_FILE.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"example.com/secret-proxy/internal/manager"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "secret-manager:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	listen, caFile := os.Getenv("LISTEN"), os.Getenv("CA_FILE")
	if listen == "" || caFile == "" {
		return fmt.Errorf("LISTEN and CA_FILE must be set")
	}
	cert, ca, err := manager.Certificate()
	if err != nil {
		return err
	}
	// Before the listener, so that who can connect can also read it.
	if err := os.WriteFile(caFile, ca, 0o644); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}

	srv := grpc.NewServer(grpc.Creds(credentials.NewServerTLSFromCert(&cert)))
	secretmanagerpb.RegisterSecretManagerServiceServer(srv, manager.New("jobs", map[string][]byte{
		"cron-signing-key": signingKey(),
		"run-signing-key":  signingKey(),
	}))
	context.AfterFunc(ctx, srv.Stop)
	slog.Info("serving", "addr", ln.Addr().String(), "ca", caFile)
	return srv.Serve(ln)
}

func signingKey() []byte {
	key := make([]byte, 32)
	rand.Read(key)
	return key
}

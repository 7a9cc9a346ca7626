// Package shape: both ends of a pipe are in memory, and each waits for the other.
package shape

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os/exec"
)

var errCancelled = errors.New("cancelled")

func fill(w io.Writer) error {
	_, err := io.WriteString(w, "x")
	return err
}

func writerForgotten() io.Reader {
	pr, pw := io.Pipe() // want leak /unclosed-pipe/
	go func() {
		_ = fill(pw)
	}()
	return pr
}

// Closing what writes to it does not close it.
func onlyOuterClosed() io.Reader {
	pr, pw := io.Pipe() // want leak /unclosed-pipe/
	go func() {
		z := gzip.NewWriter(pw)
		t := tar.NewWriter(z)
		_ = fill(t)
		_ = t.Close()
		_ = z.Close()
	}()
	return pr
}

func closedOnSuccessOnly() io.Reader {
	pr, pw := io.Pipe() // want leak /unclosed-pipe/
	go func() {
		if err := fill(pw); err != nil {
			return
		}
		pw.Close()
	}()
	return pr
}

func closedWithError() io.Reader {
	pr, pw := io.Pipe() // ok
	go func() {
		pw.CloseWithError(fill(pw))
	}()
	return pr
}

func closedDeferred() io.Reader {
	pr, pw := io.Pipe() // ok
	go func() {
		defer pw.Close()
		_ = fill(pw)
	}()
	return pr
}

// The reader in a goroutine waits for the end that comes only after a failure.
func closedOnFailureOnly(out io.Writer) (err error) {
	pr, pw := io.Pipe() // want leak /unclosed-pipe/
	go func() {
		_, _ = io.Copy(out, pr)
	}()
	defer func() {
		if err != nil {
			pw.CloseWithError(errCancelled)
		}
	}()
	return fill(pw)
}

func outputOfCommand(name string) ([]byte, error) {
	pr, pw := io.Pipe() // ok
	cmd := exec.Command(name)
	cmd.Stdout = pw
	go func() {
		pw.CloseWithError(cmd.Run())
	}()
	return io.ReadAll(pr)
}

func handedOn(serve func(io.WriteCloser)) io.Reader {
	pr, pw := io.Pipe() // ok
	go serve(pw)
	return pr
}

// Closed at the other end, nobody waits.
func otherEndClosed(w io.Writer) {
	pr, pw := io.Pipe() // ok
	defer pr.Close()
	go func() {
		_ = fill(pw)
	}()
	_, _ = io.Copy(w, pr)
}

type source struct{ body io.ReadCloser }

func otherEndHandedOver(send func(*source)) {
	pr, pw := io.Pipe() // ok
	go func() {
		_ = fill(pw)
	}()
	send(&source{body: pr})
}

// The goroutine that reads closes its end only when it fails.
func otherEndClosedOnFailure(out io.Writer) error {
	pr, pw := io.Pipe() // want leak /unclosed-pipe/
	go func() {
		if _, err := io.Copy(out, pr); err != nil {
			pr.CloseWithError(err)
		}
	}()
	return fill(pw)
}

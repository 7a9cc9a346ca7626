package p

import (
	"archive/tar"
	"fmt"
	"io"
	"os"
	"time"
)

// A release that is deferred in a branch of a turn.
func extract(r *tar.Reader, name string) error {
	for {
		header, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch header.Typeflag {
		case tar.TypeDir:
			if err := os.Mkdir(name, 0o755); err != nil {
				return err
			}
		case tar.TypeReg:
			f, err := os.Create(name)
			if err != nil {
				return err
			}
			if _, err := io.Copy(f, r); err != nil {
				f.Close()
				return err
			}
			if err := f.Close(); err != nil {
				return err
			}
		default:
			return fmt.Errorf("unknown type of %s", name)
		}
	}
}

// The channel of the ticker is read in further turns.
func quiet(events <-chan string, wait time.Duration) string {
	var due <-chan time.Time
	var last string
	for {
		select {
		case last = <-events:
			ticker := time.NewTicker(wait) // refused: in a branch of the turn
			due = ticker.C
			defer ticker.Stop()
		case <-due:
			return last
		}
	}
}

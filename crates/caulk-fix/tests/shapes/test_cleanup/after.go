package p

import (
	"os"
	"testing"
)

func TestName(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "x")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if f.Name() == "" {
		t.Error("no name")
	}
}

func TestConcurrently(t *testing.T) {
	done := make(chan error, 1)
	go func() {
		f, err := os.Open(t.Name())
		if err == nil {
			defer f.Close()
			_, err = f.Stat()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Skip(err)
	}
}

func TestSubtests(t *testing.T) {
	f, err := os.Open(t.Name())
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { f.Close() })
	t.Run("stat", func(t *testing.T) {
		t.Parallel()
		if _, err := f.Stat(); err != nil {
			t.Error(err)
		}
	})
}

package shape

import (
	"io"
	"net/http/httptest"
	"os"
	"testing"
)

func TestCleanup(t *testing.T) {
	f, err := os.Open(os.DevNull) // ok
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
}

func TestCleanupByHelper(t *testing.T) {
	f, err := os.Open(os.DevNull) // ok
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, f)
}

func TestCleanupMethodValue(t *testing.T) {
	srv := httptest.NewServer(nil) // ok
	t.Cleanup(srv.Close)
}

func TestOpenedByHelper(t *testing.T) {
	f := open(t, os.DevNull) // ok
	if f.Name() == "" {
		t.Error("no name")
	}
}

func BenchmarkDefer(b *testing.B) {
	f, err := os.Open(os.DevNull) // ok
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
}

func TestSubtest(t *testing.T) {
	f, err := os.Open(os.DevNull) // ok
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Run("name", func(t *testing.T) {
		if f.Name() == "" {
			t.Error("no name")
		}
	})
}

func TestForgotten(t *testing.T) {
	f, err := os.Open(os.DevNull) // want leak /unclosed-file/
	if err != nil {
		t.Fatal(err)
	}
	if f.Name() == "" {
		t.Error("no name")
	}
}

func open(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.Open(path) // ok
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, f)
	return f
}

func closeAtEnd(t *testing.T, c io.Closer) {
	t.Helper()
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

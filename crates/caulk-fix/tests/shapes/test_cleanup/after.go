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

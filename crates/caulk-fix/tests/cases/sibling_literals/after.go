package p

import (
	"os"
	"testing"
)

// Names that one literal gives are free in the next.
func TestFiles(t *testing.T) {
	t.Run("one", func(t *testing.T) {
		f, err := os.Create("one")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
	})
	t.Run("two", func(t *testing.T) {
		f, err := os.Create("two")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
	})
}

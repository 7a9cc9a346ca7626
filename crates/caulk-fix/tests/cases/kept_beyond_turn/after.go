package p

import (
	"bufio"
	"os"

	"example.org/layers"
)

// What is made over each is written to behind the loop.
func pack(names []string) error {
	writers := map[string]*layers.Layer{}
	for _, name := range names {
		f, err := os.Create(name) // refused: what outlives the turn may need f
		if err != nil {
			return err
		}
		defer f.Close()
		w := layers.NewLayer(f)
		writers[name] = w
	}
	for name, w := range writers {
		if _, err := w.WriteString(name); err != nil {
			return err
		}
	}
	return nil
}

// Each is written to in its turn alone.
func headers(names []string) error {
	for _, name := range names {
		f, err := os.Create(name)
		if err != nil {
			return err
		}
		w := bufio.NewWriter(f)
		w.WriteString(name)
		w.Flush()
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

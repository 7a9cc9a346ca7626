package p

import (
	"io"
	"os"
)

func concat(w io.Writer, paths <-chan string) error {
	for path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()

		if _, err := io.Copy(w, f); err != nil {
			return err
		}
	}
	return nil
}

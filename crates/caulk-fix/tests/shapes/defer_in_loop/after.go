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

		if _, err := io.Copy(w, f); err != nil {
			f.Close()
			return err
		}
		f.Close()
	}
	return nil
}

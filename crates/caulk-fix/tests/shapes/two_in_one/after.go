package p

import (
	"io"
	"os"
)

func copyFile(from, to string) error {
	in, err := os.Open(
		from,
	)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = io.Copy(out, in)
	return err
}

package p

import (
	"errors"
	"fmt"
	"io"
)

func consume(r io.Reader) {
	data, err := io.ReadAll(r)
	fmt.Println(len(data), err)
}

func check(line string) error {
	if line == "" {
		return errors.New("empty")
	}
	return nil
}

func feed(lines []string) error {
	r, w := io.Pipe()
	go consume(r)
	for _, line := range lines {
		err := check(line)
		if err != nil {
			w.CloseWithError(err)
			return err
		}
		fmt.Fprintln(w, line)
	}
	w.Close()
	return nil
}

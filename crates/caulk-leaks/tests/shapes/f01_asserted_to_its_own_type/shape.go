// Package f01 asks a reader whether it is the file that it is known to be.
package f01

import (
	"bytes"
	"io"
	"os"
)

func archive(zipped bool) io.Reader {
	if !zipped {
		return new(bytes.Buffer)
	}
	f, err := os.Create("archive")
	if err != nil {
		return nil
	}
	return f
}

func measure() {
	var f *os.File
	r := archive(true) // ok
	if file, ok := r.(*os.File); ok {
		f = file
	}
	defer f.Close()
	io.Copy(io.Discard, f)
}

func measureUnlessFile() {
	r := archive(true) // ok
	f, ok := r.(*os.File)
	if !ok {
		return
	}
	io.Copy(io.Discard, f)
	f.Close()
}

func forgotten() {
	r := archive(true) // want leak
	if f, ok := r.(*os.File); ok {
		io.Copy(io.Discard, f)
	}
}

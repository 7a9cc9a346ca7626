package p

import (
	"fmt"
	"io"
	"net"
	"os"
)

func serve(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			fmt.Fprintln(conn, "hello")
		}()
	}
}

func size(path string) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	go func(file *os.File) {
		fmt.Println(file.Stat())
	}(f)
}

func shared(path string) {
	f, err := os.Open(path) // refused: used by a goroutine
	if err != nil {
		return
	}
	go func() {
		fmt.Println(f.Stat())
	}()
	fmt.Println(f.Name())
}

func several(path string) {
	f, err := os.Open(path) // refused: used by a goroutine
	if err != nil {
		return
	}
	for range 3 {
		go func() {
			fmt.Println(f.Stat())
		}()
	}
}

func copyTo(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	go func() {
		defer w.Close()
		io.Copy(w, f)
	}()
	return r, nil
}

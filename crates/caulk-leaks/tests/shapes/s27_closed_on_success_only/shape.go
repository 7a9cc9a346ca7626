// Package shape: the Close stands at the end; an error returns before it.
package shape

import (
	"bufio"
	"image"
	"image/png"
	"io"
	"net"
	"os"
)

func encode(p string, m image.Image) error {
	f, err := os.Create(p) // want leak /unclosed-file/
	if err != nil {
		return err
	}
	if err := png.Encode(f, m); err != nil {
		return err
	}
	return f.Close()
}

func copied(from, to string) error {
	src, err := os.Open(from) // want leak /unclosed-file/
	if err != nil {
		return err
	}
	dst, err := os.Create(to) // ok
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	src.Close()
	if cerr := dst.Close(); err == nil {
		err = cerr
	}
	return err
}

func buffered(p string, lines []string) error {
	f, err := os.Create(p) // want leak /unclosed-file/
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for _, l := range lines {
		if _, err := w.WriteString(l); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

func connection(addr string) (string, error) {
	conn, err := net.Dial("tcp", addr) // want leak /unclosed-connection/
	if err != nil {
		return "", err
	}
	if _, err := conn.Write([]byte("hello\n")); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	conn.Close()
	return line, err
}

func closedOnBoth(p string, m image.Image) error {
	f, err := os.Create(p) // ok
	if err != nil {
		return err
	}
	if err := png.Encode(f, m); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func deferredAndChecked(p string, m image.Image) (err error) {
	f, err := os.Create(p) // ok
	if err != nil {
		return err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	return png.Encode(f, m)
}

package p

import (
	"io"
	"net"
	"os"
)

// What needs the value begins behind the exits that lose it.
func copies(conn net.Conn) {
	defer conn.Close()
	io.Copy(os.Stdout, conn)
}

func start(addr, path string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	if err := os.Chmod(path, 0o700); err != nil {
		conn.Close()
		return err
	}
	go copies(conn)
	return nil
}

func serve(path string, handle func(net.Conn)) error {
	l, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	if err := os.Chmod(path, 0o700); err != nil {
		l.Close()
		return err
	}
	go func() {
		defer l.Close()
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			handle(conn)
		}
	}()
	return nil
}

// An exit above comes behind it in the next turn.
func answer(addr string, paths []string) error {
	l, err := net.Listen("tcp", addr) // refused: used by a goroutine
	if err != nil {
		return err
	}
	for _, path := range paths {
		if err := os.Chmod(path, 0o700); err != nil {
			return err
		}
		go func() {
			conn, err := l.Accept()
			if err == nil {
				copies(conn)
			}
		}()
	}
	return l.Close()
}

// Connections go on without their listener.
func answerAll(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	defer l.Close()
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go copies(conn)
	}
}

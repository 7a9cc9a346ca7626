package p

import (
	"net"
	"os"
	"syscall"
)

// The descriptor that the literal makes a file of is its own.
func dial(address syscall.Sockaddr) (net.Conn, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, err
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, err
	}
	wrap := func(fd int) (net.Conn, error) {
		f := os.NewFile(uintptr(fd), "socket")
		defer f.Close()
		return net.FileConn(f)
	}
	if err := syscall.Connect(fd, address); err != nil {
		return nil, err
	}
	return wrap(fd)
}

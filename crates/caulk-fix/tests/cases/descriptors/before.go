package p

import (
	"errors"
	"os"
	"syscall"
)

// A descriptor is a number that a function of the package takes back.
func bind(port int) (int, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return -1, err
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Port: port}); err != nil {
		return -1, err
	}
	if err := syscall.Listen(fd, 16); err != nil {
		syscall.Close(fd)
		return -1, err
	}
	return fd, nil
}

func read(name string, into []byte) (int, error) {
	fd, err := syscall.Open(name, syscall.O_RDONLY, 0)
	if err != nil {
		return 0, err
	}
	return syscall.Read(fd, into)
}

func wrapped(name string) (*os.File, error) {
	fd, err := syscall.Open(name, syscall.O_RDONLY, 0) // refused: something else that releases it is made of it
	if err != nil {
		return nil, err
	}
	if fd > 1000 {
		return nil, errors.New("many")
	}
	f := os.NewFile(uintptr(fd), name)
	if _, err := f.Stat(); err != nil {
		return nil, err
	}
	return f, nil
}

func shared(port int) (*os.File, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, err
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Port: port}); err != nil {
		return nil, err
	}
	if err := syscall.Listen(fd, 16); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "listener"), nil
}

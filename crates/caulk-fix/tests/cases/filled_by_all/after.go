package p

import (
	"errors"
	"io"
	"net"
	"os"
)

var errShort = errors.New("short")

type tunnel struct{ conn io.ReadWriteCloser }

func check(limit int) error {
	if limit < 8 {
		return errShort
	}
	return nil
}

// Every branch dials, the error is looked at behind them, and what follows may fail before it is handed on.
func dial(secure bool, address string, limit int) (*tunnel, error) {
	var conn net.Conn
	var err error
	if secure {
		conn, err = net.Dial("tcp", address)
	} else {
		conn, err = net.Dial("tcp4", address)
	}
	if err != nil {
		return nil, err
	}
	if err := check(limit); err != nil {
		conn.Close()
		return nil, err
	}
	return &tunnel{conn: conn}, nil
}

// The header of each branch opens and looks.
func open(name string, readOnly bool, limit int) (*os.File, error) {
	var f *os.File
	var err error
	if readOnly {
		if f, err = os.Open(name); err != nil {
			return nil, err
		}
	} else {
		if f, err = os.OpenFile(name, os.O_RDWR, 0o600); err != nil {
			return nil, err
		}
	}
	if err := check(limit); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

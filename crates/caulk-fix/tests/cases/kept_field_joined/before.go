package p

import (
	"errors"
	"os"
)

type log struct{ data, index, lock *os.File }

func open(path string) (*log, error) {
	data, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	index, err := os.Create(path + ".idx")
	if err != nil {
		data.Close()
		return nil, err
	}
	lock, err := os.Create(path + ".lock")
	if err != nil {
		data.Close()
		index.Close()
		return nil, err
	}
	return &log{data: data, index: index, lock: lock}, nil
}

func (l *log) Close() error {
	return errors.Join(l.data.Close(), l.lock.Close())
}

type one struct{ data, index *os.File }

func openOne(path string) (*one, error) {
	data, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	index, err := os.Create(path + ".idx")
	if err != nil {
		data.Close()
		return nil, err
	}
	return &one{data: data, index: index}, nil
}

func (o *one) Close() (err error) {
	err = o.data.Close()
	return err
}

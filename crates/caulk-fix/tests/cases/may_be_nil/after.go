package p

import (
	"bytes"
	"errors"
)

// A value that may be missing where its branch is entered.

type key interface {
	Key() []byte
	Close() error
}

type reader interface {
	ReadNext() (key, []byte, error)
}

func all(from reader, prefix []byte, put func(k, v []byte) error) error {
	for {
		k, v, err := from.ReadNext()
		if err != nil {
			return err
		}
		if k == nil || v == nil {
			if k != nil {
				k.Close()
			}
			break
		}
		if !bytes.HasPrefix(k.Key(), prefix) {
			k.Close()
			return errors.New("another prefix")
		}
		if err := put(k.Key(), v); err != nil {
			k.Close()
			return err
		}
		k.Close()
	}
	return nil
}

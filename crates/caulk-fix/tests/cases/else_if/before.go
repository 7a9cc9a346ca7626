package p

import (
	"errors"
	"net/http"
	"os"
)

func size(path string) (int64, error) {
	if f, err := os.Open(path); err != nil {
		return 0, err
	} else if info, err := f.Stat(); err == nil {
		return info.Size(), nil
	}
	return 0, errors.New("no size")
}

func ping(url string) error {
	if resp, err := http.Get(url); err != nil {
		return err
	} else if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	} else {
		println(resp.Status)
	}
	return nil
}

func goesOn(path string) int64 {
	if f, err := os.Open(path); err != nil { // refused: header of a statement
		println(err.Error())
	} else if info, err := f.Stat(); err == nil {
		return info.Size()
	}
	return 0
}

func hides(path string) error {
	err := errors.New("none")
	if f, err := os.Open(path); err != nil { // refused: header of a statement
		return err
	} else if info, err := f.Stat(); err == nil {
		println(info.Size())
	}
	return err
}

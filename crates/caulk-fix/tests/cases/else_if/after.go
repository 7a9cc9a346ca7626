package p

import (
	"errors"
	"net/http"
	"os"
)

func size(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		return info.Size(), nil
	}
	return 0, errors.New("no size")
}

func ping(url string) error {
	resp, err := http.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
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

func status(url string) (string, error) {
	resp, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", errors.New(resp.Status)
	}
	return resp.Header.Get("ETag"), nil
}

func either(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	} else {
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return 0, err
		}
		println(info.Size())
	}
	return 0, nil
}

func openIfExists(path string) (*os.File, error) {
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	return f, err
}

func assigned(path string) (n int64, err error) {
	var f *os.File
	if f, err = openIfExists(path); err != nil {
		return 0, err
	} else if f == nil {
		return 0, nil
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Package shape: a Close that is not deferred is no leak, unless a path misses it.
package shape

import (
	"io"
	"os"
)

func everyPath(p string, short bool) (string, error) {
	f, err := os.Open(p) // ok
	if err != nil {
		return "", err
	}
	if short {
		name := f.Name()
		f.Close()
		return name, nil
	}
	b, err := io.ReadAll(f)
	f.Close()
	return string(b), err
}

func loop(paths []string) (n int64, err error) {
	for _, p := range paths {
		f, err := os.Open(p) // ok
		if err != nil {
			return n, err
		}
		k, err := io.Copy(io.Discard, f)
		f.Close()
		if err != nil {
			return n, err
		}
		n += k
	}
	return n, nil
}

func loopMissesOne(paths []string) (n int64, err error) {
	for _, p := range paths {
		f, err := os.Open(p) // want leak /unclosed-file/
		if err != nil {
			return n, err
		}
		k, err := io.Copy(io.Discard, f)
		if err != nil {
			continue
		}
		n += k
		f.Close()
	}
	return n, nil
}

func jump(p string) error {
	f, err := os.Open(p) // ok
	if err != nil {
		return err
	}
	if _, err = f.Stat(); err != nil {
		goto done
	}
	_, err = io.Copy(io.Discard, f)
done:
	f.Close()
	return err
}

func labelledBreak(paths []string) {
files:
	for {
		for _, p := range paths {
			f, err := os.Open(p) // want leak /unclosed-file/
			if err != nil {
				break files
			}
			if f.Name() == "stop" {
				break files
			}
			f.Close()
		}
	}
}

func allSwitchArms(p string, mode int) error {
	f, err := os.Open(p) // ok
	if err != nil {
		return err
	}
	switch mode {
	case 0:
		return f.Close()
	case 1:
		f.Close()
		return nil
	default:
		defer f.Close()
	}
	_, err = f.Stat()
	return err
}

func oneSwitchArmMissing(p string, mode int) error {
	f, err := os.Open(p) // want leak /unclosed-file/
	if err != nil {
		return err
	}
	switch mode {
	case 0:
		return f.Close()
	case 1:
		f.Close()
	}
	return nil
}

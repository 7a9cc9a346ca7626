// Package f05 defers releases after something has looked at the error.
package f05

import (
	"log"
	"os"
)

func failed(err error) bool {
	if err != nil {
		log.Print(err)
	}
	return err != nil
}

func noted(err error) { log.Print(err) }

func byHelper(p string) {
	f, err := os.Open(p) // ok
	if failed(err) {
		return
	}
	defer f.Close()
	if _, err := f.Stat(); failed(err) {
		return
	}
}

func byNote(p string) {
	f, err := os.Open(p) // ok
	noted(err)
	defer f.Close()
	_, err = f.Stat()
	noted(err)
}

func tooEarly(p string) error {
	f, err := os.Open(p) // want order /release-before-error-check/
	defer f.Close()
	if err != nil {
		return err
	}
	return f.Sync()
}

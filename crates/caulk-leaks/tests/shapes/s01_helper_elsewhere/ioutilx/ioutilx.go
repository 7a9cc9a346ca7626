// Package ioutilx has helpers for readers and closers.
package ioutilx

import (
	"io"
	"log"
	"net/http"
)

// CloseQuietly closes c and logs what goes wrong.
func CloseQuietly(c io.Closer) {
	if err := c.Close(); err != nil {
		log.Print(err)
	}
}

// Finish reads what is left of the response's body and closes it.
func Finish(resp *http.Response) {
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
}

// CloseAll closes all of cs.
func CloseAll[C io.Closer](cs ...C) {
	for _, c := range cs {
		_ = c.Close()
	}
}

// Closer closes what it is given.
type Closer struct{ log *log.Logger }

// Close closes c.
func (l Closer) Close(c io.Closer) {
	if err := c.Close(); err != nil && l.log != nil {
		l.log.Print(err)
	}
}

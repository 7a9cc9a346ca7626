// Package f07 gets streams and connections from interfaces, whose makers are not known.
package f07

import (
	"context"
	"errors"
	"io"
)

type armor interface {
	Encode(w io.Writer, kind string) (io.WriteCloser, error)
	Decode(r io.Reader) (io.ReadCloser, error)
}

type store interface {
	Create(name string) (io.WriteCloser, error)
	Send(ctx context.Context, body io.Reader) (io.ReadCloser, error)
}

func encodes(a armor, w io.Writer) error {
	e, err := a.Encode(w, "KEY") // ok
	if err != nil {
		return err
	}
	if _, err := io.WriteString(e, "x"); err != nil {
		return err
	}
	return e.Close()
}

func decodes(a armor, r io.Reader) ([]byte, error) {
	d, err := a.Decode(r) // ok
	if err != nil {
		return nil, err
	}
	return io.ReadAll(d)
}

func creates(s store) error {
	w, err := s.Create("x") // want leak /unclosed-writer/
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, "x"); err != nil {
		return err
	}
	return w.Close()
}

func sends(ctx context.Context, s store, r io.Reader) ([]byte, error) {
	answer, err := s.Send(ctx, r) // want leak /unclosed-reader/
	if err != nil {
		return nil, err
	}
	return io.ReadAll(answer)
}

type conn interface {
	Exec(q string) error
	Commit() error
	Rollback() error
	Close() error
}

type driver interface {
	Open(name string) (conn, error)
}

var errExec = errors.New("exec")

func configures(d driver) (conn, error) {
	c, err := d.Open("x") // ok
	if err != nil {
		return nil, err
	}
	if err := c.Exec("SET x"); err != nil {
		c.Close()
		return nil, errExec
	}
	return c, nil
}

type link struct {
	io.ReadWriteCloser
	upgraded bool
}

type pool interface {
	Acquire(name string) (io.ReadCloser, error)
}

type idle struct{ kept chan io.ReadCloser }

// release keeps what is not in use any more.
func (i *idle) release(c io.ReadCloser) {
	if l, ok := c.(*link); ok && l.upgraded {
		return
	}
	i.kept <- c
}

func reuses(p pool, i *idle) error {
	c, err := p.Acquire("x") // ok
	if err != nil {
		return err
	}
	i.release(c)
	return nil
}

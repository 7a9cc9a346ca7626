package p

import (
	"fmt"
	"os"
)

// Files that are kept in a value which the function makes, and drops where it fails.
type pipes struct {
	in, out *os.File
	log     *os.File
}

func (p *pipes) Close() error {
	p.in.Close()
	p.out.Close()
	return p.log.Close()
}

func newPipes(name string) (*pipes, error) {
	var (
		p   pipes
		err error
	)
	p.in, p.out, err = os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("pipe: %w", err)
	}
	p.log, err = os.Create(name)
	if err != nil {
		p.in.Close()
		p.out.Close()
		return nil, fmt.Errorf("log: %w", err)
	}
	if _, err := p.log.WriteString("started"); err != nil {
		p.in.Close()
		p.out.Close()
		p.log.Close()
		return nil, fmt.Errorf("write: %w", err)
	}
	return &p, nil
}

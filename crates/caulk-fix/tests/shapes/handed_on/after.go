package p

import (
	"bufio"
	"os"
)

type Log struct {
	f     *os.File
	first string
}

func (l *Log) Close() error { return l.f.Close() }

func Open(path string) (*Log, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(f).ReadString('\n')
	if err != nil {
		f.Close()
		// An empty log is no log.
		return nil, err
	}
	return &Log{f: f, first: line}, nil
}

package p

import (
	"context"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

type journal struct{ data, index *os.File }

func openJournal(path string) (*journal, error) {
	data, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	index, err := os.Create(path + ".idx")
	if err != nil {
		data.Close()
		return nil, err
	}
	return &journal{data: data, index: index}, nil
}

func (j *journal) Close() error { return j.data.Close() }

type store struct{ data, index *os.File }

func openStore(path string) (*store, error) {
	data, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	index, err := os.Create(path + ".idx")
	if err != nil {
		data.Close()
		return nil, err
	}
	return &store{data: data, index: index}, nil
}

func (s *store) Close() error {
	return s.data.Close()
}

// The index may not be there.
type pair struct{ data, index *os.File }

func (p *pair) open(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	p.index = f
	return nil
}

func (p *pair) Close() error {
	err := p.data.Close()
	return err
}

type worker struct {
	ticker *time.Ticker
	cancel context.CancelFunc
	once   sync.Once
}

func startWorker() *worker {
	_, cancel := context.WithCancel(context.Background())
	return &worker{ticker: time.NewTicker(time.Second), cancel: cancel}
}

func (w *worker) Stop() {
	w.once.Do(func() {
		w.cancel()
	})
}

// Several returns.
type twice struct{ data, index *os.File }

func openTwice(path string) (*twice, error) {
	data, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	index, err := os.Open(path + ".idx")
	if err != nil {
		data.Close()
		return nil, err
	}
	return &twice{data: data, index: index}, nil
}

func (t *twice) Close() error {
	if err := t.data.Close(); err != nil {
		return err
	}
	return nil
}

type reading struct {
	from io.Reader
	log  *os.File
}

func openReading(path string) (*reading, error) {
	f, err := os.Open(path) // refused: as it is declared, cannot release it
	if err != nil {
		return nil, err
	}
	return &reading{from: f}, nil
}

func (r *reading) Close() error { return r.log.Close() }

// Without a method there is none to put it into.
type server struct{ access *os.File }

func (s *server) handle(w http.ResponseWriter, r *http.Request) {
	f, err := os.Create("access") // refused: func (s *server) Close() error { return s.access.Close() }
	if err != nil {
		return
	}
	s.access = f
}

func serve() {
	s := &server{}
	http.HandleFunc("/", s.handle)
}

// Package shape: a field holds the resource.
package shape

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
)

type journal struct {
	data  *os.File
	index *os.File
}

func openJournal(p string) (*journal, error) {
	data, err := os.Create(p) // ok
	if err != nil {
		return nil, err
	}
	index, err := os.Create(p + ".idx") // ok
	if err != nil {
		return nil, errors.Join(err, data.Close())
	}
	return &journal{data: data, index: index}, nil
}

func (j *journal) Close() error { return errors.Join(j.data.Close(), j.index.Close()) }

type forgetful struct {
	data  *os.File
	index *os.File
}

func openForgetful(p string) (*forgetful, error) {
	data, err := os.Create(p) // ok
	if err != nil {
		return nil, err
	}
	index, err := os.Create(p + ".idx") // want leak /field-never-released/
	if err != nil {
		return nil, errors.Join(err, data.Close())
	}
	return &forgetful{data: data, index: index}, nil
}

func (f *forgetful) Close() error { return f.data.Close() }

func (f *forgetful) mark() error {
	_, err := f.index.WriteString("mark\n")
	return err
}

type embedded struct{ net.Conn }

func dialEmbedded(addr string) (*embedded, error) {
	c, err := net.Dial("tcp", addr) // ok
	if err != nil {
		return nil, err
	}
	return &embedded{c}, nil
}

type stack []io.Closer

func (s *stack) push(c io.Closer) { *s = append(*s, c) }

func (s stack) Close() (err error) {
	for _, c := range s {
		err = errors.Join(err, c.Close())
	}
	return err
}

func pushed(paths []string) (_ *stack, err error) {
	s := &stack{}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	for _, p := range paths {
		f, err := os.Open(p) // ok
		if err != nil {
			return nil, err
		}
		s.push(f)
	}
	return s, nil
}

// Nothing in the module closes file, and a report is made per request.
type report struct{ file *os.File }

func (r *report) write(s string) error {
	_, err := r.file.WriteString(s)
	return err
}

func serve(w http.ResponseWriter, req *http.Request) {
	f, err := os.CreateTemp("", "report") // want leak
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	r := &report{file: f}
	if err := r.write(req.URL.Path); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func Register(mux *http.ServeMux) { mux.HandleFunc("GET /report", serve) }

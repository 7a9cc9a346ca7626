package m

import (
	"io"
	"os"

	pub "example.com/missing/pubsub/v2"
)

const (
	low = iota << 1
	high
	name = "x" + "y"
)

var (
	files        = map[string]*os.File{}
	first, again = os.Open(name)
	handler      = func(w io.Closer) error { return w.Close() }
)

type server struct {
	*os.File
	client *pub.Client
	done   chan struct{}
	hooks  []func(error)
	opts   struct{ limits [high]int }
}

func newServer(paths ...string) (s *server, err error) {
	s = &server{done: make(chan struct{}), hooks: []func(error){nil, func(err error) {}}}
	for i, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		files[path], s.File = f, f
		s.opts.limits[i%3]++
	}
	if s.client, err = pub.NewClient(nil, pub.Config{Name: name}); err != nil {
		goto fail
	}
	go func() {
		select {
		case <-s.done:
		case v, ok := <-make(chan error):
			if !ok {
				s.hooks[0](v)
			}
		}
	}()
	return
fail:
	defer s.Close()
	return nil, handler(s)
}

func (s *server) Close() error {
	close(s.done)
	s.client.Close()
	type local struct{ io.Closer }
	l := local{s.File}
	return l.Close()
}

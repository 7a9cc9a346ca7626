package p

import (
	"context"
	"os"
)

type scaler struct{ f *os.File }

func (s *scaler) Close(ctx context.Context) error {
	return s.f.Close()
}

func newScaler(name string) (*scaler, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return &scaler{f: f}, nil
}

// The context that its release takes is declared behind it.
func measure(name string, look func(context.Context) error) error {
	s, err := newScaler(name)
	if err != nil {
		return err
	}
	defer s.Close(context.Background())
	println(s.f.Name())
	ctx := context.TODO()
	return look(ctx)
}

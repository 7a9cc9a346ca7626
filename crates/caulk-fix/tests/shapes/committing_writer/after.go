package p

import "context"

type Writer struct{}

func (w *Writer) Write(p []byte) (int, error) { return len(p), nil }

func (w *Writer) Close() error { return nil }

func NewWriter(ctx context.Context) *Writer { return &Writer{} }

func save(ctx context.Context, text []byte) error {
	w := NewWriter(ctx)
	w.Write(text)
	return w.Close()
}

func saveCounted(ctx context.Context, text []byte) (int, error) {
	w := NewWriter(ctx)
	n, _ := w.Write(text)
	if err := w.Close(); err != nil {
		return n, err
	}
	return n, nil
}

package random

import (
	"context"

	"example.com/random/res"
)

// keeper owns what it keeps.
type keeper struct{ kept []*res.Handle }

func (k *keeper) keep(h *res.Handle) { k.kept = append(k.kept, h) }

// Close closes what was kept.
func (k *keeper) Close() {
	for _, h := range k.kept {
		h.Close()
	}
}

func get(h *res.Handle) int { return h.Get() + 1 }

// open gives a handle that nobody has looked for an error of.
func open() *res.Handle {
	h, err := res.Open(false)
	if err != nil {
		panic(err)
	}
	return h
}

func ask(ctx context.Context, in *res.In) int {
	if in.B[0] {
		return res.Ask(ctx)
	}
	return 2
}

// newBox gives a box with an open handle, or neither.
func newBox(fail bool) (*res.Box, error) {
	h, err := res.Open(fail)
	if err != nil {
		return nil, err
	}
	return res.NewBox(h), nil
}

func closing(h *res.Handle) int {
	n := h.Get()
	h.Close()
	return n
}

func closeIf(h *res.Handle, wanted bool) {
	if wanted {
		h.Close()
	}
}

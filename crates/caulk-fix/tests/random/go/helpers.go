package random

import (
	"context"

	"example.com/random/res"
)

// keeper owns what it keeps.
type keeper struct{ kept []*res.Handle }

func (k *keeper) keep(h *res.Handle) { k.kept = append(k.kept, h) }

// take keeps a handle, unless that fails: then it is left to whoever called.
func (k *keeper) take(h *res.Handle, fails bool) error {
	if fails {
		return res.ErrBroken
	}
	k.keep(h)
	return nil
}

// Close closes what was kept.
func (k *keeper) Close() {
	for _, h := range k.kept {
		h.Close()
	}
}

// checked gives a handle back, unless something is wrong with it: then it is left to whoever called.
func checked(h *res.Handle, fails bool) (*res.Handle, error) {
	if fails {
		return nil, res.ErrBroken
	}
	return h, nil
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

package m

import "io"

type Number interface {
	~int | ~int64 | ~float64
}

type List[T any] struct {
	head, tail *node[T]
	size       int
}

type node[T any] struct {
	value T
	next  *node[T]
}

type Pairs[K comparable, V any] = map[K][]V

func (l *List[T]) Push(v T) *List[T] {
	n := &node[T]{value: v}
	if l.tail != nil {
		l.tail.next = n
	}
	l.tail, l.size = n, l.size+1
	return l
}

func (l *List[T]) All() func(yield func(int, T) bool) {
	return func(yield func(int, T) bool) {
		i := 0
		for n := l.head; n != nil; n = n.next {
			if !yield(i, n.value) {
				return
			}
			i++
		}
	}
}

func Sum[S ~[]E, E Number](s S) (total E) {
	for _, v := range s {
		total += v
	}
	return total
}

func Map[T, U any](in []T, f func(T) U) []U {
	out := make([]U, 0, len(in))
	for i := range in {
		out = append(out, f(in[i]))
	}
	return out
}

func use(r io.ReadCloser) {
	l := new(List[io.Closer]).Push(r)
	for i, c := range l.All() {
		defer func() { _, _ = i, c.Close() }()
	}
	lengths := Map([]string{"a", "bc"}, func(s string) int { return len(s) })
	var p Pairs[string, int] = map[string][]int{"x": lengths}
	switch v := any(Sum(p["x"])).(type) {
	case int, int64:
		_ = v
	case interface{ Close() error }:
		v.Close()
	}
}

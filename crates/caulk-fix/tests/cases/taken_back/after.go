package p

import (
	"errors"
	"sync"
)

type Sub struct{ C chan int }

type Bus struct {
	mu   sync.Mutex
	subs map[*Sub]bool
}

func (b *Bus) Subscribe() *Sub {
	s := &Sub{C: make(chan int, 1)}
	b.mu.Lock()
	b.subs[s] = true
	b.mu.Unlock()
	return s
}

func (b *Bus) Unsubscribe(s *Sub) {
	b.mu.Lock()
	delete(b.subs, s)
	b.mu.Unlock()
}

type App struct{ bus *Bus }

// The bus takes back what it handed out.
func (a *App) wait() int {
	sub := a.bus.Subscribe()
	defer a.bus.Unsubscribe(sub)
	return <-sub.C
}

func (a *App) missed(stop bool) (int, error) {
	sub := a.bus.Subscribe()
	if stop {
		a.bus.Unsubscribe(sub)
		return 0, errors.New("stopped")
	}
	n := <-sub.C
	a.bus.Unsubscribe(sub)
	return n, nil
}

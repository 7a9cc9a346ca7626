// Package lru is a cache that forgets what was not used for longest.
package lru

import (
	"container/list"
	"sync"
)

// Cache holds a bounded number of values by key. It is safe for concurrent use.
type Cache[K comparable, V any] struct {
	capacity int

	mu      sync.Mutex
	order   *list.List // of *entry[K, V], the most recently used in front
	entries map[K]*list.Element
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

// New returns an empty Cache for capacity values, which must be positive.
func New[K comparable, V any](capacity int) *Cache[K, V] {
	if capacity < 1 {
		panic("lru: capacity must be positive")
	}
	return &Cache[K, V]{
		capacity: capacity,
		order:    list.New(),
		entries:  make(map[K]*list.Element, capacity),
	}
}

// Get returns the value of key, and whether there is one.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, ok := c.entries[key]
	if !ok {
		var zero V
		return zero, false
	}
	c.order.MoveToFront(element)
	return element.Value.(*entry[K, V]).value, true
}

// Add sets the value of key.
func (c *Cache[K, V]) Add(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if element, ok := c.entries[key]; ok {
		element.Value.(*entry[K, V]).value = value
		c.order.MoveToFront(element)
		return
	}
	if c.order.Len() == c.capacity {
		oldest := c.order.Back()
		delete(c.entries, oldest.Value.(*entry[K, V]).key)
		c.order.Remove(oldest)
	}
	c.entries[key] = c.order.PushFront(&entry[K, V]{key, value})
}

// Len returns the number of values.
func (c *Cache[K, V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.order.Len()
}

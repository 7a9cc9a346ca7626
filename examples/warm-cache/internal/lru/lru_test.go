package lru

import "testing"

func TestOldestGoesFirst(t *testing.T) {
	c := New[string, int](2)
	c.Add("a", 1)
	c.Add("b", 2)
	if _, ok := c.Get("a"); !ok {
		t.Fatal("a is gone before the cache is full")
	}
	c.Add("c", 3)
	if _, ok := c.Get("b"); ok {
		t.Error("b is still there, though it was used before a")
	}
	for key, want := range map[string]int{"a": 1, "c": 3} {
		if got, ok := c.Get(key); !ok || got != want {
			t.Errorf("%s: got %d, %t", key, got, ok)
		}
	}
	c.Add("a", 4)
	if got, _ := c.Get("a"); got != 4 || c.Len() != 2 {
		t.Errorf("after an update: got %d and length %d", got, c.Len())
	}
}

// Package f08 gets a value and whether there is one.
package f08

import "os"

type cache struct{ names map[string]string }

func (c *cache) open(key string) (*os.File, bool) {
	name, ok := c.names[key]
	if !ok {
		return nil, false
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, false
	}
	return f, true
}

func create(key string) *os.File {
	f, err := os.Create(key)
	if err != nil {
		panic(err)
	}
	return f
}

func openOrCreate(c *cache, key string) *os.File {
	f, ok := c.open(key) // ok
	if !ok {
		f = create(key) // ok
	}
	return f
}

func openIfThere(c *cache, key string) error {
	f, ok := c.open(key) // want leak
	if !ok {
		return nil
	}
	return f.Sync()
}

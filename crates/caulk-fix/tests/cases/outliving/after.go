package p

import (
	"fmt"
	"net/http"
	"os"
	"time"
)

// Variables that outlive the branch that fills them.
type table struct{ index, meta *os.File }

func (t *table) Close() error {
	t.index.Close()
	return t.meta.Close()
}

func openForReading(name string) (*os.File, error) { return os.Open(name) }

func openTable(name string, writes bool) (*table, error) {
	var (
		index *os.File
		meta  *os.File
		err   error
	)
	if writes {
		index, err = os.Create(name)
		if err != nil {
			return nil, err
		}
		meta, err = os.Create(name + ".meta")
		if err != nil {
			index.Close()
			return nil, err
		}
	} else {
		index, err = openForReading(name)
		if err != nil {
			return nil, err
		}
		meta, err = openForReading(name + ".meta")
		if err != nil {
			index.Close()
			return nil, err
		}
	}
	info, err := meta.Stat()
	if err != nil {
		index.Close()
		meta.Close()
		return nil, err
	}
	if info.Size() == 0 {
		index.Close()
		meta.Close()
		return nil, fmt.Errorf("%s is empty", name)
	}
	return &table{index: index, meta: meta}, nil
}

func poll(urls []string) {
	ticker := time.NewTicker(time.Second)
	defer func() {
		ticker.Stop()
	}()
	for _, url := range urls {
		<-ticker.C
		resp, err := http.Get(url)
		if err != nil {
			ticker.Stop()
			ticker = time.NewTicker(time.Minute)
			continue
		}
		resp.Body.Close()
	}
}

func shared(known map[string]*os.File, name string, fresh bool) (*table, error) {
	var f *os.File
	if fresh {
		var err error
		f, err = os.Open(name) // refused: it is assigned to a variable that outlives the block
		if err != nil {
			return nil, err
		}
	} else {
		f = known[name]
	}
	meta, err := os.Open(name + ".meta")
	if err != nil {
		return nil, err
	}
	return &table{index: f, meta: meta}, nil
}

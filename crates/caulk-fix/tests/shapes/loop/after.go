package p

import (
	"io"
	"os"
)

func sizes(paths []string) (int64, error) {
	var total int64
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return 0, err
		}
		info, err := f.Stat()
		if err != nil {
			f.Close()
			return 0, err
		}
		if info.IsDir() {
			f.Close()
			continue
		}
		n, err := io.Copy(io.Discard, f)
		if err == nil {
			total += n
		}
		f.Close()
	}
	return total, nil
}

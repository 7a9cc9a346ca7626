package p

import (
	"compress/gzip"
	"os"
)

// What each turn writes is not known where the function returns.
func prepare(folder string, files [][]byte) (string, error) {
	for _, content := range files {
		w := gzip.NewWriter(os.Stdout)
		if _, err := w.Write(content); err != nil {
			return "", err
		}
	}
	return folder, nil
}

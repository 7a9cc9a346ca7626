package p

import (
	"fmt"
	"os"
)

func names(paths []string) {
	for _, path := range paths {
		if f, err := os.Open(path); err == nil {
			fmt.Println(f.Name())
			f.Close()
		}
	}
}

package p

import "os"

func sizes(paths []string) (total int64) {
outer:
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			continue
		}
		info, err := f.Stat()
		switch {
		case err != nil:
			f.Close()
			continue
		case info.IsDir():
			break
		case info.Size() > 1<<30:
			break outer
		}
		for range 3 {
			if info.Size() == 0 {
				break
			}
			total++
		}
		if info.Mode().IsRegular() {
			total += info.Size()
			continue
		} else {
			panic(path)
		}
	}
	return total
}

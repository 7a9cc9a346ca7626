package p

import "os"

func header(path string, want bool) ([]byte, error) {
	head := make([]byte, 16)
	n := 0
	if want {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		read, err := f.Read(head)
		if err != nil {
			return nil, err
		}
		n = read
	}
	return head[:n], nil
}

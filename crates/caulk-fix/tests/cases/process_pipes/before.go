package p

import (
	"bufio"
	"errors"
	"os/exec"
)

// A process that waits for a reader of its output never ends.
func lines(name string) ([]string, error) {
	cmd := exec.Command(name)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil { // review: the process is killed where the function fails
		return nil, err
	}
	var all []string
	scanner := bufio.NewScanner(out)
	for scanner.Scan() {
		if scanner.Text() == "" {
			return nil, errors.New("empty line")
		}
		all = append(all, scanner.Text())
	}
	if err := cmd.Wait(); err != nil {
		return nil, err
	}
	return all, nil
}

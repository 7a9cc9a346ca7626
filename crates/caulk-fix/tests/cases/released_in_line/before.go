package p

import (
	"io"
	"os"
	"os/exec"
)

// A turn that releases at its end, and is left before.
func sizes(names []string) (total int64) {
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			continue
		}
		n, err := io.Copy(io.Discard, f)
		if err != nil {
			break
		}
		total += n

		_ = f.Close()
	}
	return total
}

// A process is waited for once.
func receive(block bool, sender *exec.Cmd) error {
	var receiver *exec.Cmd
	if block {
		receiver = exec.Command("receive")
	} else {
		receiver = exec.Command("receive", "-x")
	}
	if err := receiver.Start(); err != nil { // refused: outlives the block
		return err
	}
	if err := sender.Start(); err != nil {
		_ = receiver.Process.Kill()
		return err
	}
	failed := make(chan error, 1)
	go func() {
		err := sender.Wait()
		if err != nil {
			_ = receiver.Process.Kill()
		}
		failed <- err
	}()
	err := receiver.Wait()
	if other := <-failed; other != nil {
		return other
	}
	return err
}

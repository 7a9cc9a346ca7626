package p

import (
	"io"
	"os"
	"os/exec"
)

// The command needs it until it has started.
func start(cmd *exec.Cmd, data []byte) error {
	var payload io.Closer
	if data != nil {
		r, w, err := os.Pipe() // refused: variable that outlives the block
		if err != nil {
			return err
		}
		go func() {
			_, _ = w.Write(data)
			w.Close()
		}()
		cmd.ExtraFiles = []*os.File{r}
		payload = r
	}
	if len(cmd.Args) == 0 {
		return os.ErrInvalid
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if payload != nil {
		payload.Close()
	}
	return cmd.Wait()
}

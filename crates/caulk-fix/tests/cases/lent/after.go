package p

import (
	"os"
	"os/exec"
)

// The command is started by whoever gets the reader.
func output(cmd *exec.Cmd) (*os.File, error) {
	r, w, err := os.Pipe() // refused: cmd is lent it
	if err != nil {
		return nil, err
	}
	cmd.ExtraFiles = []*os.File{w}
	return r, nil
}

func start(cmd *exec.Cmd, log string) (err error) {
	f, err := os.Create(log)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
	}()
	cmd.Stdout = f
	return cmd.Start()
}

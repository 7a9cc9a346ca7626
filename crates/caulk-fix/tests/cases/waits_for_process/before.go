package p

import "os/exec"

func ready(cmd *exec.Cmd) error { return nil }

func serve(name string) (*exec.Cmd, error) {
	cmd := exec.Command(name)
	if err := cmd.Start(); err != nil { // review: waits until the process has ended
		return nil, err
	}
	if err := ready(cmd); err != nil {
		return nil, err
	}
	return cmd, nil
}

func serveOrKill(name string) (*exec.Cmd, error) {
	cmd := exec.Command(name)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if err := ready(cmd); err != nil {
		_ = cmd.Process.Kill()
		return nil, err
	}
	return cmd, nil
}

// Package shape: a pipe that Wait closes, and a file that lives as long as the process.
package shape

import (
	"errors"
	"io"
	"log"
	"log/slog"
	"os"
	"os/exec"
)

func stdout(dst io.Writer) error {
	cmd := exec.Command("true")
	out, err := cmd.StdoutPipe() // ok
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	_, err = io.Copy(dst, out)
	return errors.Join(err, cmd.Wait())
}

func stdin(text string) error {
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe() // ok
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	_, _ = io.WriteString(in, text)
	in.Close()
	return cmd.Wait()
}

func logFile(p string) error {
	f, err := os.OpenFile(p, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644) // ok
	if err != nil {
		return err
	}
	log.SetOutput(f)
	return nil
}

func structuredLog(p string) error {
	f, err := os.OpenFile(p, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644) // ok
	if err != nil {
		return err
	}
	slog.SetDefault(slog.New(slog.NewJSONHandler(f, nil)))
	return nil
}

func ownLogger(p string) error {
	f, err := os.OpenFile(p, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644) // want leak /unclosed-file/
	if err != nil {
		return err
	}
	log.New(f, "", 0).Print("one line")
	return nil
}

func redirected(p string) error {
	f, err := os.Create(p) // want leak /unclosed-file/
	if err != nil {
		return err
	}
	cmd := exec.Command("true")
	cmd.Stdout = f
	return cmd.Run()
}

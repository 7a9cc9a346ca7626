// Package shape: a defer in a loop that does not end never runs.
package shape

import (
	"bufio"
	"net/http"
	"os"
	"time"
)

func everyTick(tick *time.Ticker, p string) {
	for range tick.C {
		f, err := os.Open(p) // want leak /defer-in-loop/
		if err != nil {
			continue
		}
		defer f.Close()
		use(f.Name())
	}
}

func forever(u string) {
	for {
		resp, err := http.Get(u) // want leak /defer-in-loop/
		if err != nil {
			time.Sleep(time.Second)
			continue
		}
		defer resp.Body.Close()
		use(resp.Status)
	}
}

func fromChannel(paths <-chan string) error {
	for p := range paths {
		f, err := os.Open(p) // want leak /defer-in-loop/
		if err != nil {
			return err
		}
		defer f.Close()
		use(f.Name())
	}
	return nil
}

func literalPerRound(tick *time.Ticker, p string) {
	for range tick.C {
		func() {
			f, err := os.Open(p) // ok
			if err != nil {
				return
			}
			defer f.Close()
			use(f.Name())
		}()
	}
}

// A loop over what is there already holds its files until the function returns, and no longer.
func bounded(paths [3]string) error {
	for _, p := range paths {
		f, err := os.Open(p) // ok
		if err != nil {
			return err
		}
		defer f.Close()
		use(f.Name())
	}
	return nil
}

// The loop is left in the round that opens the file.
func returnsAfterDefer(paths []string) string {
	for _, p := range paths {
		f, err := os.Open(p) // ok
		if err != nil {
			continue
		}
		defer f.Close()
		return f.Name()
	}
	return ""
}

// How many entries come is not for the function to say.
func untilTheEnd(next func() (string, error)) error {
	for {
		p, err := next()
		if err != nil {
			return err
		}
		if p == "" {
			break
		}
		f, err := os.Open(p) // want leak /defer-in-loop/
		if err != nil {
			return err
		}
		defer f.Close()
		use(f.Name())
	}
	return nil
}

func everyLine(in *bufio.Scanner) error {
	for in.Scan() {
		f, err := os.Open(in.Text()) // want leak /defer-in-loop/
		if err != nil {
			return err
		}
		defer f.Close()
		use(f.Name())
	}
	return in.Err()
}

func triesUntilOneOpens(p string) error {
	for {
		f, err := os.Open(p) // ok
		if err != nil {
			time.Sleep(time.Second)
			continue
		}
		defer f.Close()
		use(f.Name())
		return nil
	}
}

func use(string) {}

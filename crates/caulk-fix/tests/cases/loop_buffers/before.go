package p

import "runtime"

// Several goroutines send once each, and whoever receives may leave after the first error.
func each(n int, work func(int) error) error {
	errs := make(chan error)
	for i := 0; i < n; i++ {
		go func() {
			errs <- work(i) // review: where n is negative, make panics
		}()
	}
	for i := 0; i < n; i++ {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

func all(names []string, work func(string) error) error {
	errs := make(chan error)
	for i := 0; i < len(names); i++ {
		go func() {
			errs <- work(names[i])
		}()
	}
	for range names {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

func onEachProcessor(work func() error) error {
	workers := runtime.NumCPU()
	errs := make(chan error)
	for range workers {
		go func() {
			errs <- work()
		}()
	}
	for range workers {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

func three(work func() error) error {
	errs := make(chan error)
	for i := 0; i < 3; i++ {
		go func() {
			errs <- work()
		}()
	}
	for i := 0; i < 3; i++ {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

func more(n int, work func() error) error {
	errs := make(chan error)
	n++
	for i := 0; i < n; i++ {
		go func() {
			errs <- work() // refused: several goroutines send on errs
		}()
	}
	for i := 0; i < n; i++ {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

package shape

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"sync"
)

var errBad = errors.New("bad")

func check(x int) error {
	if x < 0 {
		return errBad
	}
	return nil
}

func consumerGivesUp(xs []int) error {
	out := make(chan int)
	go func() {
		defer close(out)
		for _, x := range xs {
			out <- x // want leak /blocked-goroutine/
		}
	}()
	for x := range out {
		if err := check(x); err != nil {
			return err
		}
	}
	return nil
}

func consumerBreaks(xs []int) (first int) {
	out := make(chan int)
	go func() {
		for _, x := range xs {
			out <- x // want leak /blocked-goroutine/
		}
		close(out)
	}()
	for x := range out {
		if x > 10 {
			first = x
			break
		}
	}
	return first
}

func consumerDrains(xs []int) error {
	out := make(chan int)
	go func() { // ok
		defer close(out)
		for _, x := range xs {
			out <- x
		}
	}()
	var failed error
	for x := range out {
		if failed = check(x); failed != nil {
			break
		}
	}
	for range out {
	}
	return failed
}

func consumerDrainsAtTheEnd(xs []int) error {
	out := make(chan int)
	go func() { // ok
		defer close(out)
		for _, x := range xs {
			out <- x
		}
	}()
	defer func() {
		for range out {
		}
	}()
	for x := range out {
		if err := check(x); err != nil {
			return err
		}
	}
	return nil
}

type result struct {
	x   int
	err error
}

// The producer ends with the error that ends the consumer.
func lastIsAnError(xs []int) error {
	out := make(chan result)
	go func() { // ok
		defer close(out)
		for _, x := range xs {
			if err := check(x); err != nil {
				out <- result{err: err}
				return
			}
			out <- result{x: x}
		}
	}()
	for r := range out {
		if r.err != nil {
			return r.err
		}
	}
	return nil
}

func notTheLastOne(xs []int) error {
	out := make(chan result)
	go func() {
		defer close(out)
		for _, x := range xs {
			out <- result{x, check(x)} // want leak /blocked-goroutine/
		}
	}()
	for r := range out {
		if r.err != nil {
			return r.err
		}
	}
	return nil
}

func okIsAsked(xs []int) (sum int) {
	out := make(chan int)
	go func() { // ok
		defer close(out)
		for _, x := range xs {
			out <- x
		}
	}()
	for {
		x, ok := <-out
		if !ok {
			return sum
		}
		sum += x
	}
}

func firstErrorOfMany(xs []int) error {
	errs := make(chan error)
	for _, x := range xs {
		go func() {
			errs <- check(x) // want leak /blocked-goroutine/
		}()
	}
	for range xs {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

func allOfMany(xs []int) (failed error) {
	errs := make(chan error)
	for _, x := range xs {
		go func() { // ok
			errs <- check(x)
		}()
	}
	for range xs {
		if err := <-errs; err != nil {
			failed = err
		}
	}
	return failed
}

// The workers stop at the first error, and nobody takes what is left.
func workersStop(xs []int) error {
	in := make(chan int)
	go func() {
		for _, x := range xs {
			in <- x // want leak /blocked-goroutine/
		}
		close(in)
	}()
	var wg sync.WaitGroup
	var once sync.Once
	var failed error
	for range 8 {
		wg.Go(func() {
			for x := range in {
				if err := check(x); err != nil {
					once.Do(func() { failed = err })
					return
				}
			}
		})
	}
	wg.Wait()
	return failed
}

func workersGoOn(xs []int) {
	in := make(chan int)
	go func() { // ok
		for _, x := range xs {
			in <- x
		}
		close(in)
	}()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for x := range in {
				if check(x) != nil {
					continue
				}
				work()
			}
		})
	}
	wg.Wait()
}

func walked(root string) error {
	paths := make(chan string)
	go func() {
		defer close(paths)
		_ = filepath.WalkDir(root, func(p string, _ fs.DirEntry, err error) error {
			paths <- p // want leak /blocked-goroutine/
			return err
		})
	}()
	for p := range paths {
		if len(p) > 100 {
			return errBad
		}
	}
	return nil
}

func giveUpWithContext(ctx context.Context, xs []int) error {
	out := make(chan int)
	go func() { // ok
		defer close(out)
		for _, x := range xs {
			select {
			case out <- x:
			case <-ctx.Done():
				return
			}
		}
	}()
	for x := range out {
		if err := check(x); err != nil {
			return err
		}
	}
	return nil
}

func oneTooMany() error {
	errs := make(chan error)
	go func() { errs <- check(1) }() // ok
	go func() { errs <- check(2) }() // want leak /blocked-goroutine/
	return <-errs
}

func roomForTheOther() error {
	errs := make(chan error, 1)
	go func() { errs <- check(1) }() // ok
	go func() { errs <- check(2) }() // ok
	return <-errs
}

func oneTooManyOnTimeout(ctx context.Context) error {
	errs := make(chan error, 1)
	go func() { errs <- check(1) }() // ok
	go func() { errs <- check(2) }() // want leak /blocked-goroutine/
	select {
	case err := <-errs:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func both() error {
	errs := make(chan error)
	go func() { errs <- check(1) }() // ok
	go func() { errs <- check(2) }() // ok
	return errors.Join(<-errs, <-errs)
}

// Another channel says that the goroutine is done.
func twoChannels(x int) (int, error) {
	out, errs := make(chan int), make(chan error)
	go func() { // ok
		if err := check(x); err != nil {
			errs <- err
			return
		}
		out <- x
	}()
	select {
	case x := <-out:
		return x, nil
	case err := <-errs:
		return 0, err
	}
}

func returnsBeforeClose(xs []int) error {
	in := make(chan int)
	go func() { // want leak /blocked-goroutine/
		for range in {
			work()
		}
	}()
	for _, x := range xs {
		if err := check(x); err != nil {
			return err
		}
		in <- x
	}
	close(in)
	return nil
}

func closeIsDeferred(xs []int) error {
	in := make(chan int)
	defer close(in)
	go func() { // ok
		for range in {
			work()
		}
	}()
	for _, x := range xs {
		if err := check(x); err != nil {
			return err
		}
		in <- x
	}
	return nil
}

func returnsBeforeSignal(x int) error {
	done := make(chan struct{})
	go func() { // want leak /blocked-goroutine/
		<-done
		work()
	}()
	if err := check(x); err != nil {
		return err
	}
	close(done)
	return nil
}

func signalIsDeferred(x int) error {
	done := make(chan struct{})
	defer func() { close(done) }()
	go func() { // ok
		<-done
		work()
	}()
	return check(x)
}

func drain(in <-chan int) {
	for range in {
		work()
	}
}

func startedMethodNeverClosed(xs []int) {
	in := make(chan int)
	go drain(in) // want leak /blocked-goroutine/
	for _, x := range xs {
		in <- x
	}
}

func closedBefore(n int) error {
	in := make(chan int)
	close(in)
	go drain(in) // ok
	return check(n)
}

// What the starter receives in a literal is not followed.
func receivedInLiteral() bool {
	ch := make(chan int)
	go func() { // ok
		ch <- work()
	}()
	return func() bool { return <-ch > 0 }()
}

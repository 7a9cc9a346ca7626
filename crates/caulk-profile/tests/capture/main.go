// Command capture does a little of everything that profiles record and writes each profile of the
// runtime in every form into the folder given.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"time"
)

type tree struct {
	left, right *tree
	payload     []byte
}

// grow recurses, so that one function is on a stack many times.
func grow(depth int) *tree {
	if depth == 0 {
		return nil
	}
	return &tree{left: grow(depth - 1), right: grow(depth - 1), payload: make([]byte, 64*depth)}
}

type stack[T any] struct{ items []T }

// push is generic, which gives it a name with brackets.
func (s *stack[T]) push(item T) { s.items = append(s.items, item) }

func fill[T any](count int, item T) *stack[T] {
	s := new(stack[T])
	for range count {
		s.push(item)
	}
	return s
}

// small is inlined into its callers.
func small(size int) []byte { return make([]byte, size) }

func manySmall(sizes ...int) (all [][]byte) {
	for _, size := range sizes {
		all = append(all, small(size))
	}
	return all
}

func contend(rounds int) {
	var lock sync.Mutex
	var done sync.WaitGroup
	for range 4 {
		done.Go(func() {
			for range rounds {
				lock.Lock()
				time.Sleep(200 * time.Microsecond)
				lock.Unlock()
			}
		})
	}
	done.Wait()
}

func spin(until time.Time) (sum int) {
	for time.Now().Before(until) {
		sum += strings.Count(strings.Repeat("caulk", 1000), "l")
	}
	return sum
}

// park starts goroutines that wait for ever, in several ways and from several depths.
func park() {
	never := make(chan int)
	for range 20 {
		go receive(never)
	}
	for i := range 5 {
		go func() {
			go receive(never)
			labels := pprof.Labels("tenant", fmt.Sprintf("t%d", i%2), "path", `/a "quoted" {path}`)
			pprof.Do(context.Background(), labels, func(context.Context) { <-never })
		}()
	}
	go func() {
		runtime.LockOSThread()
		select {}
	}()
	go deep(150, never)
}

func receive(from chan int) { <-from }

func deep(levels int, never chan int) {
	if levels == 0 {
		<-never
		return
	}
	deep(levels-1, never)
}

var kept []any

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: capture FOLDER")
	}
	runtime.SetBlockProfileRate(1)
	runtime.SetMutexProfileFraction(2)

	cpu := create("cpu.pb.gz")
	check(pprof.StartCPUProfile(cpu))
	pprof.Do(context.Background(), pprof.Labels("phase", "spin"), func(context.Context) {
		kept = append(kept, spin(time.Now().Add(300*time.Millisecond)))
	})
	pprof.StopCPUProfile()
	check(cpu.Close())

	kept = append(kept, grow(12), fill(20000, [3]int{1, 2, 3}), fill(3000, "text"))
	for i := range 300 {
		kept = append(kept, manySmall(16, 100, 1000+i, 40000))
	}
	for range 100 {
		_ = manySmall(5000, 300000)
	}
	contend(10)
	park()
	time.Sleep(50 * time.Millisecond)
	runtime.GC()

	for _, name := range []string{"heap", "allocs", "goroutine", "mutex", "block", "threadcreate"} {
		for debug, suffix := range []string{"pb.gz", "txt"} {
			file := create(name + "." + suffix)
			check(pprof.Lookup(name).WriteTo(file, debug))
			check(file.Close())
		}
	}
	dump := create("goroutine.dump.txt")
	check(pprof.Lookup("goroutine").WriteTo(dump, 2))
	check(dump.Close())
	runtime.KeepAlive(kept)
}

func create(name string) *os.File {
	file, err := os.Create(filepath.Join(os.Args[1], name))
	check(err)
	return file
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

package random

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"example.com/random/res"
)

// run is a function whose caller does what it owes.
type run struct {
	name   string
	inputs int
	call   func(t *testing.T, in *res.In) (int, error)
}

// TestAll writes a line for each function and each of its inputs.
func TestAll(t *testing.T) {
	// A collection would close files that were lost.
	debug.SetGCPercent(-1)
	file, err := os.Create(os.Getenv("RANDOM_OUT"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	out := bufio.NewWriter(file)
	defer out.Flush()
	for at, run := range runs {
		for bits := range 1 << run.inputs {
			fmt.Fprintf(out, "%s %d %s\n", run.name, bits, one(t, run, bits))
		}
		if at%100 == 99 {
			runtime.GC()
		}
	}
}

func one(t *testing.T, run run, bits int) string {
	res.Reset()
	files := res.Files()
	in := &res.In{B: make([]bool, max(run.inputs, 1))}
	for i := range run.inputs {
		in.B[i] = bits>>i&1 == 1
	}
	var n int
	var err error
	panicked := ""
	// What a test registered for its end has run when this returns.
	t.Run("", func(t *testing.T) {
		defer func() {
			if p := recover(); p != nil {
				panicked = fmt.Sprint(p)
			}
		}()
		n, err = run.call(t, in)
	})
	in.End()
	left := res.Left()
	if more := res.Files() - files; more != 0 && left == "" {
		left = fmt.Sprintf("file:%d", more)
	}
	if left != "" {
		settle(files)
	}
	return fmt.Sprintf("%d %v\t%s\t%s\t%s\t%s", n, err, res.Events(), panicked, res.Faults(), left)
}

// settle lets collections close what was lost, so that the next run begins where this one did. On a busy machine
// that takes many.
func settle(files int) {
	for range 500 {
		if res.Files() <= files {
			return
		}
		runtime.GC()
		time.Sleep(100 * time.Microsecond)
	}
}

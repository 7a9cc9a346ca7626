// Package shape: a path that does not return ends without a report.
package shape

import (
	"io"
	"log"
	"os"
	"runtime"
)

func fatal(p string) string {
	f, err := os.Open(p) // ok
	if err != nil {
		log.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err != nil {
		log.Fatal(err)
	}
	f.Close()
	return string(b)
}

func panics(p string) string {
	f, err := os.Open(p) // ok
	if err != nil {
		panic(err)
	}
	b, err := io.ReadAll(f)
	if err != nil {
		panic(err)
	}
	f.Close()
	return string(b)
}

func exits(p string) {
	f, err := os.Open(p) // ok
	if err != nil {
		os.Exit(1)
	}
	if _, err := f.Stat(); err != nil {
		os.Exit(2)
	}
	f.Close()
}

func leavesGoroutine(p string) {
	f, err := os.Open(p) // ok
	if err != nil {
		runtime.Goexit()
	}
	if _, err := f.Stat(); err != nil {
		runtime.Goexit()
	}
	f.Close()
}

func die(err error) {
	log.Print(err)
	os.Exit(1)
}

func byHelper(p string) {
	f, err := os.Open(p) // ok
	if err != nil {
		die(err)
	}
	if _, err := f.Stat(); err != nil {
		die(err)
	}
	f.Close()
}

func blocksForEver(p string) {
	f, err := os.Open(p) // ok
	if err != nil {
		return
	}
	log.Print(f.Name())
	select {}
}

func complain(err error, fatal bool) {
	if fatal {
		log.Fatal(err)
	}
	log.Print(err)
}

func helperThatMayReturn(p string, strict bool) {
	f, err := os.Open(p) // want leak /unclosed-file/
	if err != nil {
		return
	}
	if _, err := f.Stat(); err != nil {
		complain(err, strict)
		return
	}
	f.Close()
}

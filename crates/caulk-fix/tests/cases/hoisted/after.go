package p

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
)

func must(name string) *os.File {
	f, err := os.Open(name)
	if err != nil {
		log.Fatal(err)
	}
	return f
}

func get(url string) *http.Response {
	resp, err := http.Get(url)
	if err != nil {
		log.Fatal(err)
	}
	return resp
}

func effect() io.Writer { return os.Stdout }

func argument(name string) ([]byte, error) {
	f := must(name)
	defer f.Close()
	return io.ReadAll(f)
}

func assigned(name string) string {
	f := must(name)
	defer f.Close()
	text, _ := io.ReadAll(f)
	return string(text)
}

func receiver(url string) (names []string, err error) {
	resp := get(url)
	defer resp.Body.Close()
	err = json.NewDecoder(resp.Body).Decode(&names)
	return names, err
}

func inHeader(name string) error {
	f := must(name)
	defer f.Close()
	if _, err := io.Copy(io.Discard, f); err != nil {
		return err
	}
	return nil
}

func condition(name string) bool {
	f := must(name)
	defer f.Close()
	if stat(context.Background(), f) > 0 {
		return true
	}
	return false
}

func stat(_ context.Context, f *os.File) int64 {
	info, err := f.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}

func eachTurn(names []string) {
	for _, name := range names {
		f := must(name)
		fmt.Println(stat(context.Background(), f))
		f.Close()
	}
}

func two(one, other string) {
	f := 0
	f2 := must(one)
	defer f2.Close()
	log.Println(f, stat(context.Background(), f2))
	f3 := must(other)
	defer f3.Close()
	log.Println(f, stat(context.Background(), f3))
}

// What comes first may not come second.
func ordered(name string) (int64, error) {
	return io.Copy(effect(), must(name)) // refused: give it a name first
}

func maybe(name string, big bool) bool {
	return big && stat(context.Background(), must(name)) > 0 // refused: give it a name first
}

func otherwise(name string, big bool) int64 {
	if big {
		return 1
	} else if n := stat(context.Background(), must(name)); n > 0 { // refused: in the header of a statement
		return n
	}
	return 0
}

// Both get a name, each its own.
func named(one, other string) error {
	if f, err := os.Open(one); err != nil {
		return err
	} else {
		f.Close()
	}
	conn, err := net.Dial("tcp", one)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn2 := dial(other)
	defer conn2.Close()
	read(conn2)
	return nil
}

func dial(address string) net.Conn {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	return conn
}

func read(conn net.Conn) {
	var buf [1]byte
	conn.Read(buf[:])
}

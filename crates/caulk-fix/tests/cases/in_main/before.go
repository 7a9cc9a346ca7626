package main

import (
	"log"
	"os"
)

func main() {
	f, err := os.Open("x")
	if err != nil {
		log.Fatal(err)
	}
	go func() { f.Stat() }()
	if len(os.Args) > 1 {
		return
	}
	f.Name()
}

// Command f10 opens what its handlers use, and what they do not.
package main

import (
	"log"
	"net/http"
	"os"
)

var names []string

func main() {
	served, err := os.Open("served") // ok
	if err != nil {
		log.Fatal(err)
	}
	read, err := os.Open("read") // want leak
	if err != nil {
		log.Fatal(err)
	}
	names, err = read.Readdirnames(0)
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		served.WriteTo(w)
	})
	if err := http.ListenAndServe(":8080", nil); err != nil {
		log.Fatal(err)
	}
}

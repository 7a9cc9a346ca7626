package p

import (
	"log"
	"os"
)

// The deferred function does more than close.
func each(names chan string) {
	for {
		name := <-names
		f, err := os.Open(name)
		if err != nil {
			log.Print(err)
		} else {
			// Seen at the end of the turn.
			defer func() {
				log.Print(name)
				f.Close()
			}()
			log.Print(f.Name())
		}
	}
}

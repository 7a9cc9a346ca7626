package p

import (
	"fmt"
	"net/http"
	"time"
)

func ping(url string) {
	err := fmt.Errorf("never seen")
	if resp, err := http.Get(url); err == nil { // best effort
		resp.Body.Close()
	}
	fmt.Println(err)
}

func wait() {
	time.NewTicker(time.Second) // refused: give it a name first
}

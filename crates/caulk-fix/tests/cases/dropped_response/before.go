package p

import (
	"fmt"
	"net/http"
	"time"
)

func ping(url string) {
	err := fmt.Errorf("never seen")
	http.Get(url) // best effort
	fmt.Println(err)
}

func wait() {
	time.NewTicker(time.Second) // refused: give it a name first
}

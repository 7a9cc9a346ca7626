package feed

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

func TestFetch(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /feeds/world", func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`<rss version="2.0"><channel><title>World</title>
<item><title>First</title><link>https://news.example/1</link><pubDate>Mon, 02 Jan 2006 15:04:05 -0700</pubDate></item>
<item><title>Second</title><link>https://news.example/2</link><pubDate>yesterday</pubDate></item>
</channel></rss>`))
	})
	mux.HandleFunc("GET /feeds/broken", func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`<rss><channel>`))
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	reader := NewReader(base, time.Second)

	feed, err := reader.Fetch("world")
	if err != nil {
		t.Fatal(err)
	}
	if feed.Title != "World" || len(feed.Items) != 2 {
		t.Fatalf("got %+v", feed)
	}
	if feed.Items[0].Published.Year() != 2006 || !feed.Items[1].Published.IsZero() {
		t.Errorf("dates: got %v and %v", feed.Items[0].Published, feed.Items[1].Published)
	}

	if _, err := reader.Fetch("broken"); err == nil {
		t.Error("broken feed: want an error")
	}

	var status *StatusError
	if _, err := reader.Fetch("none"); !errors.As(err, &status) || status.Status != http.StatusNotFound {
		t.Errorf("missing feed: got %v", err)
	}
}

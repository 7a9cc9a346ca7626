// Package feed reads RSS feeds from their publisher.
package feed

import (
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

const maxFeed = 4 << 20

// Item is one entry of a feed.
type Item struct {
	Title     string    `json:"title"`
	Link      string    `json:"link"`
	Published time.Time `json:"published,omitzero"`
}

// Feed is a feed as its publisher serves it.
type Feed struct {
	Title string `json:"title"`
	Items []Item `json:"items"`
}

// StatusError says that the publisher answered, but not with the feed.
type StatusError struct {
	Status int
	Feed   string
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("feed %s: publisher answered %d %s", e.Feed, e.Status, http.StatusText(e.Status))
}

// Reader fetches feeds from one publisher.
type Reader struct {
	base *url.URL
	http *http.Client
}

// NewReader returns a Reader of the feeds below base that waits at most
// timeout for the publisher to connect and to begin its answer.
func NewReader(base *url.URL, timeout time.Duration) *Reader {
	return &Reader{
		base: base,
		http: &http.Client{
			Transport: &http.Transport{
				DialContext:           (&net.Dialer{Timeout: timeout}).DialContext,
				ResponseHeaderTimeout: timeout,
				MaxIdleConnsPerHost:   16,
				IdleConnTimeout:       time.Minute,
			},
		},
	}
}

// Fetch returns the named feed.
func (r *Reader) Fetch(name string) (*Feed, error) {
	resp, err := r.http.Get(r.base.JoinPath("feeds", name).String())
	if err != nil {
		return nil, fmt.Errorf("feed %s: %w", name, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, &StatusError{Status: resp.StatusCode, Feed: name}
	}
	defer resp.Body.Close()

	feed, err := decode(io.LimitReader(resp.Body, maxFeed))
	if err != nil {
		return nil, fmt.Errorf("feed %s: %w", name, err)
	}
	return feed, nil
}

func decode(r io.Reader) (*Feed, error) {
	var doc struct {
		Channel struct {
			Title string `xml:"title"`
			Items []struct {
				Title   string `xml:"title"`
				Link    string `xml:"link"`
				PubDate string `xml:"pubDate"`
			} `xml:"item"`
		} `xml:"channel"`
	}
	if err := xml.NewDecoder(r).Decode(&doc); err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	feed := &Feed{Title: doc.Channel.Title, Items: make([]Item, 0, len(doc.Channel.Items))}
	for _, it := range doc.Channel.Items {
		item := Item{Title: it.Title, Link: it.Link}
		// Many publishers get dates wrong: an item without one is better than none.
		if t, err := time.Parse(time.RFC1123Z, it.PubDate); err == nil {
			item.Published = t
		}
		feed.Items = append(feed.Items, item)
	}
	return feed, nil
}

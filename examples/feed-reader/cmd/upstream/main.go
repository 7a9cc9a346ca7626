// Command upstream stands in for a publisher of RSS feeds. Every feed has news
// but those of the archive (archive-…), which is down for maintenance.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/template"
	"time"
)

const itemsPerFeed = 12

const maintenance = `<!doctype html>
<title>Down for maintenance</title>
<h1>The archive is down for maintenance</h1>
<p>We are moving the archive to new machines. It will be back in a few hours;
until then, today's news is where it always was.</p>
`

var rss = template.Must(template.New("rss").Parse(`<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0">
<channel>
<title>{{.Name}}</title>
{{range .Items}}<item><title>{{.Title}}</title><link>{{.Link}}</link><pubDate>{{.Date}}</pubDate></item>
{{end}}</channel>
</rss>
`))

type item struct{ Title, Link, Date string }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "upstream:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	ln, err := net.Listen("tcp", os.Getenv("LISTEN"))
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /feeds/{name}", serveFeed)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { srv.Close() })
	slog.Info("serving", "addr", ln.Addr().String())
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func serveFeed(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if strings.HasPrefix(name, "archive-") {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, maintenance)
		return
	}
	now := time.Now()
	items := make([]item, itemsPerFeed)
	for i := range items {
		items[i] = item{
			Title: fmt.Sprintf("%s, story %d", name, i+1),
			Link:  fmt.Sprintf("https://news.example/%s/%d", name, i+1),
			Date:  now.Add(-time.Duration(i) * time.Hour).Format(time.RFC1123Z),
		}
	}
	w.Header().Set("Content-Type", "application/rss+xml")
	if err := rss.Execute(w, map[string]any{"Name": name, "Items": items}); err != nil {
		slog.Warn("write feed", "feed", name, "err", err)
	}
}

module example.com/feed-reader

go 1.26

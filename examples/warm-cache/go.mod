module example.com/warm-cache

go 1.26

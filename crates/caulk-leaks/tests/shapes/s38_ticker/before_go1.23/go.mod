module example.com/shapes/before

go 1.22

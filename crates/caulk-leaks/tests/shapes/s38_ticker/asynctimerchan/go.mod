module example.com/shapes/asynctimerchan

go 1.24

godebug asynctimerchan=1

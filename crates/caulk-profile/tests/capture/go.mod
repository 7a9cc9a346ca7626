module caulk.dev/capture

go 1.25

module caulk.test/calls

go 1.23

module caulk.dev/oracle

go 1.26

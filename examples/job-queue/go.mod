module example.com/job-queue

go 1.26

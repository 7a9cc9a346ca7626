package p

type queue struct {
	jobs    chan string
	flushed chan chan struct{}
	quit    chan struct{}
}

func newQueue() *queue {
	q := &queue{
		jobs:    make(chan string),
		flushed: make(chan chan struct{}),
		quit:    make(chan struct{}),
	}
	go q.run()
	return q
}

func (q *queue) run() {
	for {
		select {
		case job := <-q.jobs:
			println(job)
		case done := <-q.flushed:
			close(done)
		case <-q.quit:
			return
		}
	}
}

func (q *queue) Close() {
	close(q.quit)
}

// Whoever adds a job once the queue is closed waits for ever.
func (q *queue) Add(job string) {
	q.jobs <- job // review: what it sends is dropped
}

func (q *queue) Flush() {
	done := make(chan struct{})
	q.flushed <- done // review: what it sends is dropped
	<-done
}

// Package res has resources that count how many of them are open, and notice when one is used or released
// after its release.
package res

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sort"
	"strings"
	"sync"
	"time"
)

// ErrFailed is what an acquisition fails with that was told to.
var ErrFailed = errors.New("failed")

// ErrBroken is what functions end with when an input says so.
var ErrBroken = errors.New("broken")

var (
	mu     sync.Mutex
	open   = map[string]int{}
	faults []string
	events []string
)

// Reset forgets everything.
func Reset() {
	mu.Lock()
	defer mu.Unlock()
	open = map[string]int{}
	faults = nil
	events = nil
}

// Left names what is still open.
func Left() string {
	mu.Lock()
	defer mu.Unlock()
	var left []string
	for kind, count := range open {
		if count != 0 {
			left = append(left, fmt.Sprintf("%s:%d", kind, count))
		}
	}
	sort.Strings(left)
	return strings.Join(left, " ")
}

// Faults names uses and releases that came too late.
func Faults() string {
	mu.Lock()
	defer mu.Unlock()
	return strings.Join(faults, " ")
}

// Events names what was acquired, used and committed, in order.
func Events() string {
	mu.Lock()
	defer mu.Unlock()
	return strings.Join(events, " ")
}

func count(kind string, by int) {
	mu.Lock()
	defer mu.Unlock()
	open[kind] += by
}

func fault(what string) {
	mu.Lock()
	defer mu.Unlock()
	faults = append(faults, what)
}

func event(what string) {
	mu.Lock()
	defer mu.Unlock()
	events = append(events, what)
}

// In is the input of a function: branches, and a context.
type In struct {
	B  []bool
	db *sql.DB
}

// At is whether branch k is taken in turn i of a loop.
func (in *In) At(k, i int) bool { return in.B[k] && i == 1 }

// Context is never cancelled itself, and counts the contexts that were made of it.
func (in *In) Context() context.Context { return root{} }

// DB is a database whose connections, rows and statements are counted.
func (in *In) DB() *sql.DB {
	if in.db == nil {
		in.db = sql.OpenDB(connector{})
	}
	return in.db
}

// End ends what belongs to the input.
func (in *In) End() {
	if in.db != nil {
		in.db.Close()
		in.db = nil
	}
}

// Note makes a value seen.
func Note(value any) { event(fmt.Sprint(value)) }

// A Handle is a file that counts.
type Handle struct {
	f      *os.File
	closed bool
}

// Open opens a handle, or fails.
func Open(fail bool) (*Handle, error) {
	if fail {
		return nil, ErrFailed
	}
	f, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	count("handle", 1)
	event("open")
	return &Handle{f: f}, nil
}

// Close closes it.
func (h *Handle) Close() error {
	if h == nil {
		return os.ErrInvalid
	}
	if h.closed {
		fault("closed-twice")
		return os.ErrClosed
	}
	h.closed = true
	count("handle", -1)
	return h.f.Close()
}

// Get uses it.
func (h *Handle) Get() int {
	if h.closed {
		fault("used-after-close")
	}
	event("get")
	return 1
}

// Read reads nothing.
func (h *Handle) Read(into []byte) (int, error) {
	if h.closed {
		fault("read-after-close")
	}
	event("read")
	return h.f.Read(into)
}

// Len reads all, and says how much it was.
func Len(r io.Reader) int {
	n, _ := io.Copy(io.Discard, r)
	return int(n) + 1
}

// Peek uses a handle for as long as it runs.
func Peek(h *Handle) int { return h.Get() }

// Finish uses a handle and closes it.
func Finish(h *Handle) int {
	defer h.Close()
	return h.Get()
}

// A Box holds a handle.
type Box struct{ h *Handle }

// NewBox takes a handle over.
func NewBox(h *Handle) *Box { return &Box{h: h} }

// Get uses what it holds.
func (b *Box) Get() int { return b.h.Get() }

// Close closes what it holds.
func (b *Box) Close() error {
	if b.h == nil {
		return nil
	}
	return b.h.Close()
}

// A Worker is a goroutine that waits for its end.
type Worker struct {
	stop    chan struct{}
	stopped bool
}

// Start starts a worker.
func Start() *Worker {
	w := &Worker{stop: make(chan struct{})}
	count("worker", 1)
	event("start")
	go w.run()
	return w
}

func (w *Worker) run() {
	<-w.stop
}

// Poll uses it.
func (w *Worker) Poll() int {
	if w.stopped {
		fault("polled-after-stop")
	}
	event("poll")
	return 1
}

// Stop ends it.
func (w *Worker) Stop() {
	if w.stopped {
		fault("stopped-twice")
		return
	}
	w.stopped = true
	count("worker", -1)
	close(w.stop)
}

// Path is the name of a file that is there, or of one that is not.
func Path(fail bool) string {
	if fail {
		return os.DevNull + ".missing"
	}
	return os.DevNull
}

// Name uses a file.
func Name(f *os.File) int {
	if _, err := f.Stat(); err != nil {
		fault("file-after-close")
	}
	event("name")
	return 1
}

// Files is how many descriptors the process has.
func Files() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}

// root is a context that counts those that were made of it and have not ended.
type root struct{}

func (root) Deadline() (time.Time, bool) { return time.Time{}, false }
func (root) Done() <-chan struct{}       { return never }
func (root) Err() error                  { return nil }
func (root) Value(any) any               { return nil }

var never = make(chan struct{})

// AfterFunc is how package context tells a parent of its own about a child.
func (root) AfterFunc(func()) func() bool {
	count("context", 1)
	event("context")
	var once sync.Once
	return func() bool {
		once.Do(func() { count("context", -1) })
		return true
	}
}

// Ask uses a context.
func Ask(ctx context.Context) int {
	if ctx.Err() != nil {
		fault("context-after-cancel")
	}
	event("ask")
	return 1
}

// Web answers every request by itself.
var Web = &http.Client{Transport: transport{}}

// URL is answered, or fails.
func URL(fail bool) string {
	if fail {
		return "http://fail.example.com/"
	}
	return "http://example.com/"
}

type transport struct{}

func (transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasPrefix(req.URL.Host, "fail") {
		return nil, ErrFailed
	}
	count("body", 1)
	event("answer")
	return &http.Response{
		Status:     "200 OK",
		StatusCode: 200,
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Header:     http.Header{},
		Body:       &body{Reader: bytes.NewReader([]byte("abc"))},
		Request:    req,
	}, nil
}

type body struct {
	*bytes.Reader
	closed bool
}

func (b *body) Read(into []byte) (int, error) {
	if b.closed {
		fault("body-after-close")
		return 0, http.ErrBodyReadAfterClose
	}
	event("body")
	return b.Reader.Read(into)
}

func (b *body) Close() error {
	// Closing a body twice is allowed.
	if !b.closed {
		b.closed = true
		count("body", -1)
	}
	return nil
}

// Query is answered with three rows, or fails.
func Query(fail bool) string {
	if fail {
		return "fail"
	}
	return "select"
}

type connector struct{}

func (connector) Connect(context.Context) (driver.Conn, error) { return &conn{}, nil }
func (connector) Driver() driver.Driver                        { return nil }

type conn struct{}

func (*conn) Close() error { return nil }

func (*conn) Begin() (driver.Tx, error) {
	count("tx", 1)
	event("begin")
	return &tx{}, nil
}

func (*conn) Prepare(query string) (driver.Stmt, error) {
	if query == "fail" {
		return nil, ErrFailed
	}
	return &stmt{}, nil
}

type tx struct{}

func (*tx) Commit() error {
	count("tx", -1)
	event("commit")
	return nil
}

func (*tx) Rollback() error {
	count("tx", -1)
	return nil
}

type stmt struct{}

func (*stmt) Close() error  { return nil }
func (*stmt) NumInput() int { return 0 }

func (*stmt) Exec([]driver.Value) (driver.Result, error) {
	event("exec")
	return driver.RowsAffected(1), nil
}

func (*stmt) Query([]driver.Value) (driver.Rows, error) {
	count("rows", 1)
	event("query")
	return &rows{}, nil
}

type rows struct{ read int }

func (*rows) Columns() []string { return []string{"n"} }

func (*rows) Close() error {
	count("rows", -1)
	return nil
}

func (r *rows) Next(into []driver.Value) error {
	if r.read == 3 {
		return io.EOF
	}
	r.read++
	event("row")
	into[0] = int64(r.read)
	return nil
}

// An Upload is saved by its Close, or given up by its Abort.
type Upload struct{ done bool }

// Create begins an upload, or fails.
func Create(fail bool) (*Upload, error) {
	if fail {
		return nil, ErrFailed
	}
	count("upload", 1)
	event("create")
	return &Upload{}, nil
}

// Write adds to it.
func (u *Upload) Write(p []byte) (int, error) {
	if u.done {
		fault("written-after-end")
		return 0, os.ErrClosed
	}
	event("write")
	return len(p), nil
}

// Close saves it.
func (u *Upload) Close() error {
	if u.done {
		return os.ErrClosed
	}
	u.done = true
	count("upload", -1)
	event("saved")
	return nil
}

// Abort gives it up; what is saved stays.
func (u *Upload) Abort() error {
	if !u.done {
		u.done = true
		count("upload", -1)
	}
	return nil
}

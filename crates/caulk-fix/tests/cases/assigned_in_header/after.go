package p

import (
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"os"
)

// The variables are declared above, and the header assigns them.
func size(name string) (int64, error) {
	var f *os.File
	var err error
	if f, err = os.Open(name); err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func download(url string) (resp *http.Response, err error) {
	if resp, err = http.Get(url); err != nil {
		return nil, err
	}
	if resp.StatusCode >= 400 {
		resp.Body.Close()
		return nil, fmt.Errorf("status %s", resp.Status)
	}
	return resp, nil
}

func open(name string) (*sql.DB, error) {
	var db *sql.DB
	var err error
	if db, err = sql.Open("postgres", name); err != nil {
		return nil, err
	}
	if err = db.Ping(); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// It goes on where there is an error.
func goesOn(name string) ([]byte, error) {
	var f *os.File
	var err error
	if f, err = os.Open(name); err != nil { // refused: in the header of a statement
		name = ""
	}
	return io.ReadAll(f)
}

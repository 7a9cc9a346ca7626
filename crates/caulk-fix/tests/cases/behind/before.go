package p

import (
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// Variables that branches or turns fill, and whose error is looked at behind them.
func fetch(client *http.Client, url, command string) ([]byte, error) {
	var (
		err  error
		resp *http.Response
	)
	switch command {
	case "get":
		resp, err = client.Get(url)
	case "head":
		resp, err = client.Head(url)
	}
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	return body, nil
}

func connect(path, message string) error {
	var conn *net.UnixConn
	var err error
	for i := 0; i < 200; i++ {
		conn, err = net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
		if err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		return err
	}
	done := make(chan int64)
	go func() {
		n, _ := io.Copy(os.Stdout, conn)
		done <- n
	}()
	if conn != nil {
		_, err = io.WriteString(conn, message)
	}
	<-done
	return err
}

func open(shared map[string]*os.File, name string) (int64, error) {
	var f *os.File
	var err error
	if known, ok := shared[name]; ok {
		f = known
	} else {
		f, err = os.Open(name)
	}
	if err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func dial(secure bool, address string) error {
	var conn net.Conn
	var err error
	if secure {
		conn, err = net.Dial("tcp", address)
	} else {
		conn, err = net.Dial("tcp", address+":80")
	}
	if err != nil {
		return err
	}
	if !secure {
		if err := conn.SetDeadline(time.Now()); err != nil {
			return err
		}
	}
	_, err = conn.Write(nil)
	return err
}

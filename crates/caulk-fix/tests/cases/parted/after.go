package p

import (
	"context"
	"errors"
	"log"
	"net"
	"os"
)

var errOther = errors.New("other")

type hub struct {
	ctx       context.Context
	register  chan net.Conn
	inherited map[int]net.Listener
}

func (h *hub) Close() {
	for _, l := range h.inherited {
		l.Close()
	}
	for conn := range h.register {
		conn.Close()
	}
}

// One way keeps it, the other goes on.
func (h *hub) inherit(files []*os.File) {
	for at, file := range files {
		l, err := net.FileListener(file)
		if err != nil {
			log.Println(err)
			continue
		}
		if tcp, ok := l.(*net.TCPListener); ok {
			h.inherited[at] = tcp
		} else {
			log.Println("of another kind")
			l.Close()
		}
	}
}

// No other way is written down.
func (h *hub) inheritSome(files []*os.File) {
	for at, file := range files {
		l, err := net.FileListener(file)
		if err != nil {
			log.Println(err)
			continue
		}
		if tcp, ok := l.(*net.TCPListener); ok {
			h.inherited[at] = tcp
		} else {
			l.Close()
		}
	}
}

// A case hands it on, the other leaves it.
func (h *hub) serve(address string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	select {
	case <-h.ctx.Done():
		conn.Close()
	case h.register <- conn:
	}
	return nil
}

// What is done behind the ways may still need it.
func (h *hub) greet(address string) error {
	conn, err := net.Dial("tcp", address) // refused: some of the ways to an exit that loses conn have handed it on
	if err != nil {
		return err
	}
	if address != "" {
		h.register <- conn
	}
	log.Println(conn.RemoteAddr())
	return errOther
}

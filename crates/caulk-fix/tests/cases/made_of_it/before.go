package p

import (
	"bufio"
	"net"
)

type session struct {
	net.Conn
	r *bufio.Reader
}

func newSession(conn net.Conn) *session {
	return &session{Conn: conn, r: bufio.NewReader(conn)}
}

// What is made of the connection needs it behind the branch that dials.
func send(idle *session, address string, chunks [][]byte) error {
	for _, chunk := range chunks {
		used := idle
		if used == nil {
			conn, err := net.Dial("tcp", address) // refused: it is assigned to a variable that outlives the block
			if err != nil {
				return err
			}
			used = newSession(conn)
		}
		if _, err := used.Write(chunk); err != nil {
			return err
		}
	}
	return nil
}

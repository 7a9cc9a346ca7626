// Command reference reads profiles with the profile package of go tool pprof.
//
// Input: for each profile its length (4 bytes, little endian) and its bytes. Output: for each a
// letter, p (a profile), e (an error) or x (a panic), and then in the same way the profile as
// uncompressed profile.proto, or the message.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"reference/profile"
)

func main() {
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	for {
		var length uint32
		if binary.Read(in, binary.LittleEndian, &length) != nil {
			return
		}
		data := make([]byte, length)
		if _, err := io.ReadFull(in, data); err != nil {
			return
		}
		kind, answer := read(data)
		out.WriteByte(kind)
		binary.Write(out, binary.LittleEndian, uint32(len(answer)))
		out.Write(answer)
		out.Flush()
	}
}

func read(data []byte) (kind byte, answer []byte) {
	defer func() {
		if r := recover(); r != nil {
			kind, answer = 'x', fmt.Append(nil, r)
		}
	}()
	p, err := profile.ParseData(data)
	if err != nil {
		return 'e', []byte(err.Error())
	}
	// A number label that is 0 and has no unit is lost in the encoding; ours is compared before.
	for _, s := range p.Sample {
		for key, values := range s.NumLabel {
			for i, value := range values {
				if units := s.NumUnit[key]; value == 0 && (units == nil || units[i] == "") {
					if s.NumUnit == nil {
						s.NumUnit = map[string][]string{}
					}
					if units == nil {
						s.NumUnit[key] = make([]string, len(values))
					}
					s.NumUnit[key][i] = "zero"
				}
			}
		}
	}
	var buffer bytes.Buffer
	if err := p.WriteUncompressed(&buffer); err != nil {
		return 'e', []byte(err.Error())
	}
	return 'p', buffer.Bytes()
}

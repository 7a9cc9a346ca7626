// Command patterns answers what package regexp makes of patterns: for each line of stdin, a pattern
// and texts in hexadecimal with tabs between, it prints "error " and the message in hexadecimal, or
// "match " and a 0 or 1 for each text.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"log"
	"os"
	"regexp"
	"strings"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		for i, field := range fields {
			text, err := hex.DecodeString(field)
			if err != nil {
				log.Fatal(err)
			}
			fields[i] = string(text)
		}
		pattern, err := regexp.Compile(fields[0])
		if err != nil {
			fmt.Fprintf(out, "error %x\n", err.Error())
			continue
		}
		fmt.Fprint(out, "match ")
		for _, text := range fields[1:] {
			if pattern.MatchString(text) {
				fmt.Fprint(out, "1")
			} else {
				fmt.Fprint(out, "0")
			}
		}
		fmt.Fprintln(out)
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}

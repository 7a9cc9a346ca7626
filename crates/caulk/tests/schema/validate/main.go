// Validates a JSON document against a JSON schema: validate SCHEMA DOCUMENT.
package main

import (
	"fmt"
	"os"

	"github.com/xeipuuv/gojsonschema"

	// Its source holds the schema of SARIF.
	_ "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
)

func main() {
	schema, document := read(os.Args[1]), read(os.Args[2])
	result, err := gojsonschema.Validate(schema, document)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	for _, problem := range result.Errors() {
		fmt.Println(problem)
	}
	if !result.Valid() {
		os.Exit(1)
	}
}

func read(file string) gojsonschema.JSONLoader {
	text, err := os.ReadFile(file)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return gojsonschema.NewBytesLoader(text)
}

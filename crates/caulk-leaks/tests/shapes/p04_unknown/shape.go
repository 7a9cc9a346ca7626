// Package shape: the value reaches something of which nothing is known; that is not reported.
package shape

import (
	"net/http"
	"os"
	"reflect"
)

type Sink interface{ Take(*http.Response) error }

func interfaceWithoutImplementer(u string, s Sink) error {
	resp, err := http.Get(u) // ok
	if err != nil {
		return err
	}
	return s.Take(resp)
}

func functionValue(p string, keep func(*os.File)) error {
	f, err := os.Open(p) // ok
	if err != nil {
		return err
	}
	keep(f)
	return nil
}

type Options struct{ OnFile func(*os.File) error }

func functionField(p string, o Options) error {
	f, err := os.Open(p) // ok
	if err != nil {
		return err
	}
	return o.OnFile(f)
}

func reflected(p string, fn any) error {
	f, err := os.Open(p) // ok
	if err != nil {
		return err
	}
	reflect.ValueOf(fn).Call([]reflect.Value{reflect.ValueOf(f)})
	return nil
}

func outParameter(p string, out **os.File) error {
	f, err := os.Open(p) // ok
	if err != nil {
		return err
	}
	*out = f
	return nil
}

func callersMap(p string, open map[string]*os.File) error {
	f, err := os.Open(p) // ok
	if err != nil {
		return err
	}
	open[p] = f
	return nil
}

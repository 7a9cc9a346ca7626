// Package shape: the response is kept in a field and closed through an accessor.
package shape

import "net/http"

type box struct{ r *http.Response }

func (b *box) Resp() *http.Response { return b.r }

func (b *box) Finish() { b.r.Body.Close() }

func accessor(u string) error {
	w := &box{}
	var err error
	w.r, err = http.Get(u) // ok
	if err != nil {
		return err
	}
	defer w.Resp().Body.Close()
	use(w.r.StatusCode)
	return nil
}

func field(u string) error {
	var w box
	var err error
	if w.r, err = http.Get(u); err != nil { // ok
		return err
	}
	defer w.r.Body.Close()
	use(w.r.StatusCode)
	return nil
}

func method(u string) error {
	resp, err := http.Get(u) // ok
	if err != nil {
		return err
	}
	w := &box{r: resp}
	defer w.Finish()
	use(w.r.StatusCode)
	return nil
}

func localBoxForgotten(u string) error {
	w := &box{}
	var err error
	w.r, err = http.Get(u) // want leak /unclosed-response-body/
	if err != nil {
		return err
	}
	use(w.Resp().StatusCode)
	return nil
}

func use(int) {}

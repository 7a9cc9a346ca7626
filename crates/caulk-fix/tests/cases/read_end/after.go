package p

import "io"

func write(w io.Writer) error {
	_, err := w.Write([]byte("x"))
	return err
}

func copied(dst io.Writer) error {
	pr, pw := io.Pipe()
	defer pr.Close()
	go func() {
		pw.CloseWithError(write(pw))
	}()
	_, err := io.Copy(dst, pr)
	return err
}

type blob struct {
	pw  *io.PipeWriter
	err chan error
}

func (b *blob) Close() error {
	b.pw.Close()
	return <-b.err
}

func upload(dst io.Writer) *blob {
	pr, pw := io.Pipe()
	errs := make(chan error, 1)
	go func() {
		_, err := io.Copy(dst, pr)
		if err != nil {
			errs <- err
			pr.Close()
			return
		}
		errs <- nil
	}()
	return &blob{pw: pw, err: errs}
}

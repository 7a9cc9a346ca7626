package p

import (
	"os"
	"testing"
)

type asserting struct{}

func (asserting) NilError(t testing.TB, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

func (asserting) NoError(t testing.TB, err error) bool { return err == nil }

var assert asserting

type checker struct{ testing.TB }

type check func(error) bool

func IsNil(err error) bool { return err == nil }

func (c checker) Assert(err error, is check) {
	if !is(err) {
		c.Fatal(err)
	}
}

type expectation struct{ err error }

func Expect(err error) expectation { return expectation{err} }

func HaveOccurred() check { return func(err error) bool { return err != nil } }

func (e expectation) ToNot(is check) {
	if is(e.err) {
		panic(e.err)
	}
}

func TestStops(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "a")
	assert.NilError(t, err)
	defer f.Close()
	t.Log(f.Name())
}

func TestGoesOn(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "a")
	if err == nil {
		defer f.Close()
	}
	assert.NoError(t, err)
	t.Log(f.Name())
}

func TestChecks(t *testing.T) {
	c := checker{t}
	f, err := os.CreateTemp(t.TempDir(), "a")
	c.Assert(err, IsNil)
	defer f.Close()
	t.Log(f.Name())
}

func describe(dir string) string {
	f, err := os.CreateTemp(dir, "a")
	Expect(err).ToNot(HaveOccurred())
	defer f.Close()
	return f.Name()
}

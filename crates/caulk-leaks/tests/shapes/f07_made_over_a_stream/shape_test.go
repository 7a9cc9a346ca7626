package f07

import "testing"

type failing struct{ store }

func TestCreateFails(t *testing.T) {
	var s store = failing{}
	_, err := s.Create("") // ok
	if err == nil {
		t.Error("no error")
	}
}

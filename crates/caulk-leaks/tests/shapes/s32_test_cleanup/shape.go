// Package shape has a test that is shape 32.
package shape

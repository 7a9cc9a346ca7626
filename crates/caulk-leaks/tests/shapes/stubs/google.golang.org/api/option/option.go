// Package option declares what the shapes use of the package of this path.
package option

type ClientOption interface{ apply() }

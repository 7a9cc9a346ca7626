//! A Go program to run: build with overlay and agent, start, load, capture, stop. Does not know what a leak is.

// Package config reads the settings of job-queue from the environment.
package config

import (
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"time"
)

// Config holds the settings of job-queue.
type Config struct {
	Listen   string        // LISTEN: address to serve HTTP on
	Parallel int           // PARALLEL: jobs that run at a time
	Wait     time.Duration // WAIT: how long a request waits for its job
	LogLevel slog.Level    // LOG_LEVEL: debug, info, warn or error
}

// FromEnv returns the settings in the environment, with defaults for those that are not set.
func FromEnv() (Config, error) {
	cfg := Config{Listen: "127.0.0.1:8080", Parallel: 64, Wait: 50 * time.Millisecond}
	if v, ok := os.LookupEnv("LISTEN"); ok {
		cfg.Listen = v
	}
	var err error
	if v, ok := os.LookupEnv("PARALLEL"); ok {
		if cfg.Parallel, err = strconv.Atoi(v); err != nil || cfg.Parallel < 1 {
			return Config{}, fmt.Errorf("PARALLEL: %q is not a positive number", v)
		}
	}
	if v, ok := os.LookupEnv("WAIT"); ok {
		if cfg.Wait, err = time.ParseDuration(v); err != nil {
			return Config{}, fmt.Errorf("WAIT: %w", err)
		}
	}
	if v, ok := os.LookupEnv("LOG_LEVEL"); ok {
		if err := cfg.LogLevel.UnmarshalText([]byte(v)); err != nil {
			return Config{}, fmt.Errorf("LOG_LEVEL: %w", err)
		}
	}
	return cfg, nil
}

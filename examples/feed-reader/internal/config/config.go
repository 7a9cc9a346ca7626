// Package config reads the settings of feed-reader from the environment.
package config

import (
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"time"
)

// Config holds the settings of feed-reader.
type Config struct {
	Listen       string        // LISTEN: address to serve HTTP on
	Publisher    *url.URL      // FEED_URL: root of the publisher's feeds
	FetchTimeout time.Duration // FETCH_TIMEOUT: how long to wait for the publisher
	LogLevel     slog.Level    // LOG_LEVEL: debug, info, warn or error
}

// FromEnv returns the settings in the environment, with defaults for the optional ones.
func FromEnv() (Config, error) {
	cfg := Config{Listen: "127.0.0.1:8080", FetchTimeout: 3 * time.Second}
	if v, ok := os.LookupEnv("LISTEN"); ok {
		cfg.Listen = v
	}
	v, ok := os.LookupEnv("FEED_URL")
	if !ok {
		return Config{}, fmt.Errorf("FEED_URL is not set")
	}
	var err error
	if cfg.Publisher, err = url.Parse(v); err != nil {
		return Config{}, fmt.Errorf("FEED_URL: %w", err)
	}
	if v, ok := os.LookupEnv("FETCH_TIMEOUT"); ok {
		if cfg.FetchTimeout, err = time.ParseDuration(v); err != nil {
			return Config{}, fmt.Errorf("FETCH_TIMEOUT: %w", err)
		}
	}
	if v, ok := os.LookupEnv("LOG_LEVEL"); ok {
		if err := cfg.LogLevel.UnmarshalText([]byte(v)); err != nil {
			return Config{}, fmt.Errorf("LOG_LEVEL: %w", err)
		}
	}
	return cfg, nil
}
